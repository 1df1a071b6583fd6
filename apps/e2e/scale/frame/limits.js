import { expect } from '../../real/frame/expect.js';

/** The drop reasons of limits, as docs/protocol.md names them. */
const LIMITS = ['flow-limit', 'overloaded', 'queue-full', 'rate-limited', 'session-limit'];

/** Expects that no limit of either side of a relay has dropped a datagram. */
export async function expectNoLimit(relay) {
  for (const side of relay.names) {
    const status = await relay.status(side);
    const counted = ['forward', 'publish', 'route']
      .filter((mode) => mode in status)
      .flatMap((mode) => [status[mode].toTarget.drops, status[mode].fromTarget.drops]);
    for (const drops of [...counted, status.packets.drops])
      for (const reason of LIMITS) expect(!drops[reason], `${side}: ${drops[reason]} dropped as ${reason}`);
  }
}
