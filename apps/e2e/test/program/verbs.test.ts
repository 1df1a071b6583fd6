import { describe, expect, test } from '@jest/globals';
import { ask } from '../support/admin.js';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { CLIENT, run, SERVER, type RunningProgram } from '../support/program.js';
import { startRelay, type Relay } from '../support/relay.js';
import { shared } from '../support/resources.js';

type ProgramName = 'relay-server' | 'relay-client';

/** A verb with its parameters, its lines for people, and its answer. */
interface Row {
  readonly program: ProgramName;
  readonly verb: string;
  /** The words by name. `tag` differs at each door. */
  readonly given?: (relay: Relay, tag: string) => Promise<Record<string, string>>;
  readonly says: RegExp;
  readonly answer: unknown;
}

const guest = (_relay: Relay, tag: string): Promise<Record<string, string>> =>
  Promise.resolve({ name: `guest-${tag}` });

const invited = async ({ server }: Relay, tag: string): Promise<Record<string, string>> => {
  await server.invite(`leaver-${tag}`, []);
  return { name: `leaver-${tag}` };
};

const level = (): Promise<Record<string, string>> => Promise.resolve({ level: 'info,session=warn' });

/** Returns the current session. A client that was kicked comes back with another one. */
const session = ({ server }: Relay): Promise<Record<string, string>> =>
  eventually(async () => {
    const [current] = await server.sessions();
    if (current === undefined) throw new Error('no session');
    return { session: `${current.id}` };
  });

/** Returns the upstream of the route. */
async function upstream({ server }: Relay): Promise<Record<string, string>> {
  const [route] = await ask<{ upstreams: { upstream: string }[] }[]>(`${server.state}/admin.sock`, 'mappings');
  return { mapping: 'echo', upstream: route?.upstreams[0]?.upstream ?? '' };
}

const ROWS: Row[] = [
  {
    program: 'relay-server',
    verb: 'status',
    says: /^relay-server on 127\.0\.0\.1:\d+ +engine dgram/,
    answer: { program: 'relay-server', sessions: 1, flows: 1 },
  },
  { program: 'relay-server', verb: 'sessions', says: /^ *\d+ +tester +127/, answer: [{ client: 'tester', flows: 1 }] },
  {
    program: 'relay-server',
    verb: 'flows',
    says: /^ *\d+ +tester +forward +127\S+ +127/,
    answer: [{ client: 'tester', target: expect.stringMatching(/^127/) }],
  },
  {
    program: 'relay-server',
    verb: 'mappings',
    says: /^echo +127\.0\.0\.1:\d+ +round-robin +127\.0\.0\.1:\d+ +1 +up +0 +0 +0$/,
    answer: [{ mode: 'route', name: 'echo', openPorts: 1 }],
  },
  {
    program: 'relay-server',
    verb: 'drain',
    given: upstream,
    says: /^upstream 127\.0\.0\.1:\d+ of route echo gets no new flows$/,
    answer: { mapping: 'echo' },
  },
  {
    program: 'relay-server',
    verb: 'undrain',
    given: upstream,
    says: /^upstream 127\.0\.0\.1:\d+ of route echo gets new flows again$/,
    answer: { mapping: 'echo' },
  },
  {
    program: 'relay-server',
    verb: 'clients',
    says: /^tester +127\.0\.0\.0\/8/,
    answer: expect.arrayContaining([expect.objectContaining({ name: 'tester' })]),
  },
  {
    program: 'relay-server',
    verb: 'invite',
    given: guest,
    says: /^relay:\/\/.*&name=guest-/,
    answer: { name: expect.stringMatching(/^guest-/), invitation: expect.stringMatching(/^relay:\/\//) },
  },
  {
    program: 'relay-server',
    verb: 'revoke',
    given: invited,
    says: /^client 'leaver-\w+' revoked$/,
    answer: { names: [expect.stringMatching(/^leaver-/)] },
  },
  ...(['relay-server', 'relay-client'] as const).flatMap((program): Row[] => [
    { program, verb: 'reload', says: /^nothing has changed$/, answer: { changes: [] } },
    {
      program,
      verb: 'log',
      given: level,
      says: /^log level info,session=warn$/,
      answer: { level: 'info,session=warn' },
    },
  ]),
  {
    program: 'relay-client',
    verb: 'status',
    says: /^relay-client to 127\.0\.0\.1:\d+ +connected/,
    answer: { program: 'relay-client', state: 'connected', flows: 1 },
  },
  {
    program: 'relay-client',
    verb: 'mappings',
    says: /^forward 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+ +1 +4096 +2m 00s$/,
    answer: [{ mode: 'forward', flows: 1, maxFlows: 4096, idleMs: 120_000, isResolved: true }],
  },
  {
    program: 'relay-client',
    verb: 'flows',
    says: /^forward +127\S+ +127\S+ +\S/,
    answer: [{ mode: 'forward', target: expect.stringMatching(/^127/), idleMs: expect.any(Number) }],
  },
  // This verb is the last one, because it ends the flows that the others see.
  {
    program: 'relay-server',
    verb: 'kick',
    given: session,
    says: /^session \d+ closed$/,
    answer: { session: expect.any(Number) },
  },
];

/** The ways to reach a running program: its process, its admin socket, and its commands. */
interface Reached {
  readonly program: RunningProgram;
  readonly admin: string;
  readonly command: (words: readonly string[]) => ReturnType<typeof run>;
}

function reached({ server, client }: Relay, name: ProgramName): Reached {
  const [script, where, admin, { program }] =
    name === 'relay-server'
      ? [SERVER, ['--state', server.state], `${server.state}/admin.sock`, server]
      : [CLIENT, ['--admin', client.admin], client.admin, client];
  return { program, admin, command: (words) => run(script, [...words, ...where]) };
}

/** Types a line at the prompt and waits for a line that answers it. */
async function typed({ program }: Reached, words: readonly string[], says: RegExp): Promise<void> {
  program.process.stdin?.write(`${words.join(' ')}\n`);
  await program.line(says);
}

describe('the verbs of running programs', () => {
  const relay = shared(async (keep) => {
    const echo = keep(await Echo.open());
    const forwards = [`0=127.0.0.1:${echo.port}`];
    const serverFlags = ['-i', '--route', `127.0.0.1:0=127.0.0.1:${echo.port};name=echo`];
    const started = keep(await startRelay({ engine: 'dgram', forwards, serverFlags, clientFlags: ['-i'] }));
    const application = keep(await Application.open());
    await application.askUntilAnswered(started.port);
    return started;
  });

  test.each(ROWS)(
    'include a command, a call over the admin socket and a word of the prompt for $verb of $program',
    async (row) => {
      const { program, verb, says, answer } = row;
      const given = (tag: string): Promise<Record<string, string>> => row.given?.(relay(), tag) ?? Promise.resolve({});
      const door = reached(relay(), program);
      const words = async (tag: string): Promise<string[]> => [verb, ...Object.values(await given(tag))];

      const { code, stdout, stderr } = await door.command(await words('command'));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n')).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
      const json = await door.command([...(await words('json')), '--json']);
      expect(JSON.parse(json.stdout)).toMatchObject(answer as object);
      expect(await ask(door.admin, verb, await given('socket'))).toMatchObject(answer as object);
      await typed(door, await words('prompt'), says);
    },
  );

  test.each([
    ['relay-server', 'log', { level: 'loud' }, 'LEVEL'],
    ['relay-client', 'log', { level: 'loud' }, 'LEVEL'],
    ['relay-server', 'kick', { session: 'x' }, 'SESSION'],
  ] as const)('refuse a wrong value in the same words at each door: %s %s %j', async (program, verb, given, name) => {
    const door = reached(relay(), program);
    const [value] = Object.values(given);
    const says = new RegExp(`${name}: expected .*, not "${value ?? ''}"`);
    const command = await door.command([verb, value ?? '']);
    expect(command).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
    await expect(ask(door.admin, verb, given)).rejects.toThrow(says);
    await typed(door, [verb, value ?? ''], says);
  });
});

describe('the verb stop', () => {
  const STOPS: Record<string, (door: Reached, noun: string) => Promise<unknown>> = {
    'as a command': async (door, noun) =>
      expect(await door.command(['stop'])).toMatchObject({ code: 0, stdout: `the ${noun} is stopping`, stderr: '' }),
    'over the admin socket': async ({ admin, program }) =>
      expect(await ask(admin, 'stop')).toEqual({ pid: program.process.pid }),
    'at the prompt': (door, noun) => typed(door, ['stop'], new RegExp(`^the ${noun} is stopping$`)),
  };

  test.each(Object.entries(STOPS))('%s ends client and server', async (_door, stop) => {
    await using relay = await startRelay({
      engine: 'dgram',
      forwards: ['0=127.0.0.1:9'],
      serverFlags: ['-i'],
      clientFlags: ['-i'],
    });
    for (const name of ['relay-client', 'relay-server'] as const) {
      const door = reached(relay, name);
      await stop(door, name.replace('relay-', ''));
      expect(await door.program.finished()).toMatchObject({ code: 0, signal: null });
    }
  });
});
