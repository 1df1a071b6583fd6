import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, option, Refusal } from '@relay/config';
import { ProgramFailure, verb } from '@relay/program';
import { readClients } from '../../src/state/client-files.js';
import { invite, type Rights } from '../../src/state/invite.js';
import { rightsOf, rightsOptions } from '../../src/state/rights.js';
import { openStateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();
const AT = { host: 'relay.example', port: 7878 };

/** Says what it would invite whom to. */
const invitation = verb({
  name: 'invite',
  describe: 'Invite',
  words: { name: option({ format: 'string', required: true, doc: 'Whom' }) },
  options: rightsOptions,
  answer: (_running: undefined, { name, ...rights }) => ({ name, rights: rightsOf(rights) }),
  lines: ({ name }) => [name],
});

const read = async (line: string): Promise<{ name: string; rights: Rights }> => {
  const words = line.split(' ').filter((word) => word !== '');
  return JSON.parse(String(await invitation.word(undefined).run([...words, '--json']))) as Awaited<
    ReturnType<typeof read>
  >;
};

describe('rights', () => {
  test.each([
    ['ada', { allow: [] }],
    ['ada --publish 53', { allow: [], publish: ['53'] }],
    ['ada --publish 53,27000-27100 --publish 9000', { allow: [], publish: ['53,27000-27100', '9000'] }],
    ['ada --allow 10.0.0.0/8', { allow: ['10.0.0.0/8'] }],
    [
      'ada --allow 192.0.2.1:53 --allow [2001:db8::]/32:53,5353',
      { allow: ['192.0.2.1:53', '[2001:db8::]/32:53,5353'] },
    ],
    ['ada --max-pps 1000 --max-bps 8000000', { allow: [], maxPps: 1000, maxBps: 8_000_000 }],
    ['ada --max-bps 8Mbit/s --expires 7d', { allow: [], maxBps: 8_000_000, expiresInMs: 7 * 86_400_000 }],
    ['ada --expires 36500d', { allow: [], expiresInMs: 36_500 * 86_400_000 }],
    ['--expires 90s ada', { allow: [], expiresInMs: 90_000 }],
  ])('are read from: invite %s', async (line, rights) => {
    expect(await read(line)).toEqual({ name: 'ada', rights: { publish: [], ...rights } });
  });

  test.each([
    ['ada --allow 10.0.0.0/33', /allow.*10\.0\.0\.0\/33/],
    ['ada --allow example.com', /allow.*example\.com/],
    ['ada --publish 0', /publish.*expected ports such as 53, 27000-27100 or 53,853,27000-27100, not "0"/],
    ['ada --publish 27100-27000', /publish.*27100-27000/],
    ['ada --publish 53,', /publish/],
    ['ada --publish 192.0.2.1:53', /publish/],
    ['ada --publish 65536', /publish/],
    ['ada --max-pps 0', /max-?[pP]ps/],
    ['ada --max-pps 1e3', /max-?[pP]ps/],
    ['ada --max-bps -5', /max-?[bB]ps/],
    ['ada --expires 7', /expires/],
    ['ada --expires 0s', /expires/],
    ['ada --expires 36501d', /expires.*at most 36500d, not "36501d"/],
    ['ada --max-pps 1000000001', /max-?[pP]ps.*at most 1G\/s, not "1000000001"/],
    ['ada --max-pps 2G/s', /max-?[pP]ps.*at most 1G\/s, not "2G\/s"/],
    ['ada --max-bps 1000000000001', /max-?[bB]ps.*at most 1000Gbit\/s, not "1000000000001"/],
  ])('invite %s is refused', async (line, expected) => {
    const failure: unknown = await read(line).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(failure).toMatchObject({ message: expect.stringMatching(expected) });
  });

  test('a client with the largest rights, or a fraction of a packet a second, is one that the server reads again', async () => {
    const state = openStateFolder(folder);
    const largest = Object.fromEntries(
      Object.entries(rightsOptions).flatMap(([key, { format }]) =>
        format.bounds === undefined ? [] : [[key, format.bounds.max]],
      ),
    );
    expect(Object.keys(largest)).toEqual(['maxPps', 'maxBps', 'expires']);
    const { maxPps, maxBps, expires } = largest;
    invite(state, 'max', { allow: [], maxPps, maxBps, expiresInMs: expires }, AT);
    invite(state, 'third', (await read('third --max-pps 100/min')).rights, AT);
    const { records, faults } = readClients(state.path);
    expect(faults).toEqual([]);
    expect(records).toMatchObject([{ maxPps, maxBps }, { maxPps: 100 / 60 }]);
    expect(new Date(records[0]?.expiresAt ?? '').getTime()).toBeGreaterThan(Date.now() + 36_499 * 86_400_000);
  });

  test('every fault is reported at once', async () => {
    await expect(read('ada --allow x --expires y')).rejects.toThrow(/allow[^]*expires/);
  });

  test.each([
    ['', /NAME is missing/],
    ['ada bob', /'bob' is too much/],
    ['ada --colour red', /colour/],
  ])('invite %s is no invitation', async (line, expected) => {
    const failure: unknown = await read(line).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProgramFailure);
    expect(failure).toMatchObject({ message: expect.stringMatching(expected) });
  });
});

describe('the name of a client', () => {
  test.each(['1e3', '0x10', '007', '12'])('is %s as it was typed, not the number that it looks like', async (name) => {
    expect((await read(name)).name).toBe(name);
  });
});

describe('a day as the end of a client', () => {
  const expires = (text: string) => rightsOptions.expires.parse(text, 'text');

  test('is the last moment of that day in UTC', () => {
    expect(expires('2099-12-31')).toEqual(new Date('2099-12-31T23:59:59.999Z'));
  });

  test('may be today', () => {
    expect(expires(new Date().toISOString().slice(0, 10))).toBeInstanceOf(Date);
  });

  test.each(['2020-01-01', '2099-02-30', '2099-13-01', '9999-12-31', '2099-1-1', '2099-12-31T00:00'])(
    'is not %s',
    (text) => expect(expires(text)).toBeInstanceOf(Refusal),
  );
});
