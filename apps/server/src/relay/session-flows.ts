import type { DropCounters } from '@relay/packet';
import { Fragments, type AcceptedFlows, type FlowsOfSession, type IdleQueue, type OpenedFlows } from '@relay/relay';
import type { UdpSocket } from '@relay/socket';

/** Incomplete datagrams of one client: room for the largest one many times over, and no more. */
const FRAGMENT_LIMITS = { maxBytes: 1 << 20, maxDatagrams: 64, timeoutMs: 5000 };

/** What a server keeps for one session: the flows that its client opened. */
export class SessionFlows implements FlowsOfSession<UdpSocket> {
  readonly opened: OpenedFlows | undefined = undefined;
  readonly accepted: AcceptedFlows<UdpSocket>;
  readonly fragments: Fragments;

  constructor(accepted: AcceptedFlows<UdpSocket>, idle: IdleQueue, drops: DropCounters) {
    this.accepted = accepted;
    this.fragments = new Fragments(FRAGMENT_LIMITS, idle, drops);
  }

  /** The session has ended. */
  end(): void {
    this.accepted.endAll();
    this.fragments.clear();
  }
}
