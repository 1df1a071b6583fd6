import { expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { CLIENT, run } from '../support/program.js';
import { startRelay } from '../support/relay.js';

test.each(ENGINES.slice(0, 1))(
  'commands report on running programs, to people and as JSON to programs, engine %s',
  async (engine) => {
    await using echo = await Echo.open();
    await using relay = await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
    const { server, client } = relay;
    await using application = await Application.open();
    const sent = await application.askUntilAnswered(relay.port);
    const target = `127.0.0.1:${echo.port}`;

    const json = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await server.command(...args, '--json')).stdout) as unknown;
    const counted = { inDatagrams: sent, outDatagrams: sent, drops: {} };
    expect(await json('status')).toMatchObject({
      ...{ program: 'relay-server', listen: `127.0.0.1:${server.port}`, engine, sessions: 1, flows: 1 },
      forward: { toTarget: counted },
    });
    expect(await json('sessions')).toMatchObject([{ client: 'tester', flows: 1 }]);
    expect(await json('flows')).toMatchObject([{ client: 'tester', source: `127.0.0.1:${application.port}`, target }]);
    expect(await json('clients')).toMatchObject([{ name: 'tester', allow: ['127.0.0.0/8', '::1/128'] }]);
    const ofClient = await run(CLIENT, ['status', '--admin', client.admin, '--json']);
    expect(JSON.parse(ofClient.stdout)).toMatchObject({ state: 'connected', flows: 1, forward: { toTarget: counted } });

    const text = async (command: string): Promise<string> => (await server.command(command)).stdout;
    expect(await text('status')).toContain(`relay-server on 127.0.0.1:${server.port}   engine ${engine}`);
    expect(await text('sessions')).toMatch(/^ *\d+ +tester +127\.0\.0\.1:\d+/m);
    expect(await text('flows')).toContain(target);
    expect(await text('clients')).toMatch(/^tester +127\.0\.0\.0\/8/m);
  },
);

test('the command stop ends a running server, and reports that only after the end', async () => {
  await using relay = await startRelay({ engine: 'dgram', forwards: ['0=127.0.0.1:9'] });
  expect(await relay.server.command('stop')).toMatchObject({ code: 0, stdout: 'the server is stopping', stderr: '' });
  expect(await relay.server.program.finished()).toMatchObject({ code: 0 });
});
