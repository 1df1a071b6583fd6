import { expect } from '../frame/expect.js';

const NAME = 'real.test';
const ADDRESS = '192.0.2.55';

/** Starts a dnsmasq that knows one name. Returns its program. */
export async function startDns(place, address, port, answer = ADDRESS) {
  const flags = ['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--bind-interfaces'];
  const where = [`--listen-address=${address}`, `--port=${port}`, `--address=/${NAME}/${answer}`];
  const dnsmasq = place.start('dnsmasq', [...flags, ...where, '--log-facility=-', '--pid-file=', '--user=root']);
  await place.listens(dnsmasq, port, 'udp', address);
  return dnsmasq;
}

/** How dig ends where nobody answers. */
const NO_ANSWER = 9;

/** Asks for the name with dig, one try within 2 s. Returns the addresses of the answer, if any. */
export async function dig(place, address, port) {
  const asking = place.start('dig', [`@${address}`, '-p', port, '+short', '+tries=1', '+time=2', NAME]);
  const { code } = await asking.finished();
  return code === NO_ANSWER ? [] : (await asking.succeeded()).split('\n').filter(Boolean);
}

/** Expects the answer of {@link startDns}. */
export async function expectAnswer(place, address, port) {
  const answers = await dig(place, address, port);
  expect(answers.join() === ADDRESS, `dig @${address} -p ${port}: ${answers.join()}`);
}
