import { expect } from '../frame/expect.js';

const PORT = 27_960;
const NAME = 'behind a NAT';

/**
 * OpenArena published from behind the NAT; qstat asks for its state and its players. The NAT itself
 * lets nobody in.
 */
export const gameServer = {
  packages: ['openarena-server', 'qstat'],
  async run(lab) {
    const { visitor, server } = lab;
    await startGame(lab);
    await lab.startRelay({ publishes: [`${PORT}`] });
    const refused = await ask(visitor, '192.0.2.2');
    expect(/DOWN|no response/.test(refused), `asked at the address of the NAT, the game answered: ${refused}`);
    const rows = await ask(visitor, server.ipv4);
    const [, map, ping] = new RegExp(`\\s(\\w+)\\s+(\\d+)\\s.*${NAME}`).exec(rows) ?? [];
    expect(map === 'oa_dm1', `qstat does not show the game: ${rows}`);
    expect(/sarge/i.test(rows), `qstat does not show the player: ${rows}`);
    return `qstat sees "${NAME}" on ${map} with its player in ${ping} ms, and nothing at the NAT`;
  },
};

async function startGame({ service, folder }) {
  const settings = { dedicated: 1, net_ip: '127.0.0.1', net_port: PORT, com_hunkmegs: 128, sv_hostname: NAME };
  const set = Object.entries(settings).flatMap(([key, value]) => ['+set', key, value]);
  const game = service.start('/usr/games/openarena-server', [...set, '+map', 'oa_dm1', '+addbot', 'sarge'], {
    environment: { HOME: folder },
  });
  await game.says(/AAS initialized/);
}

const ask = (visitor, address) => visitor.run('quakestat', ['-P', '-retry', '2', '-q3s', `${address}:${PORT}`]);
