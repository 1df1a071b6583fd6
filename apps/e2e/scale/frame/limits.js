import { expect } from '../../real/frame/expect.js';

/** The drop reasons of limits, as docs/protocol.md names them. */
const LIMITS = ['flow-limit', 'overloaded', 'queue-full', 'rate-limited', 'session-limit'];

/** Expects that no limit of either side of a relay has dropped a datagram of an application. */
export async function expectNoLimit(relay) {
  for (const side of relay.names) {
    const status = await relay.status(side);
    for (const mode of ['forward', 'publish', 'route'].filter((name) => name in status))
      for (const { drops } of [status[mode].toTarget, status[mode].fromTarget])
        for (const reason of LIMITS) expect(!drops[reason], `${side} ${mode}: ${drops[reason]} dropped as ${reason}`);
  }
}
