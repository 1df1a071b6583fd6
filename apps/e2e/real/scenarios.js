/**
 * All scenarios by name. Each has the Debian packages that it needs, and `run`, which gets a lab,
 * starts its relay, throws if something is not as it should be, and returns what was seen.
 */
import { dnsForward } from './scenarios/dns-forward.js';
import { dtls } from './scenarios/dtls.js';
import { dnsRoute } from './scenarios/dns-route.js';
import { families } from './scenarios/families.js';
import { gameServer } from './scenarios/game-server.js';
import { iperf3 } from './scenarios/iperf3.js';
import { mosh } from './scenarios/mosh.js';
import { proxyProtocol } from './scenarios/proxy-protocol.js';
import { sip } from './scenarios/sip.js';
import { smallPath } from './scenarios/small-path.js';
import { turnRoute } from './scenarios/turn-route.js';
import { wireguard } from './scenarios/wireguard.js';

export const SCENARIOS = {
  'game-server': gameServer,
  mosh,
  dtls,
  iperf3,
  sip,
  'proxy-protocol': proxyProtocol,
  families,
  wireguard,
  'dns-forward': dnsForward,
  'dns-route': dnsRoute,
  'turn-route': turnRoute,
  'small-path': smallPath,
};
