import type { SessionParameters } from '@relay/packet';
import type { Sleeper } from '../deadlines.js';
import type { DisconnectReason } from '../events.js';
import type { Session } from '../session.js';
import type { Announcement } from './announcement.js';
import type { ChannelShared } from './channel-shared.js';
import type { Figures } from './figures.js';
import type { KeySet } from './key-set.js';
import type { PathWatch } from './path-watch.js';
import type { Path } from './path.js';
import type { Requests } from './requests.js';
import type { Work } from './work.js';

/**
 * A session as its parts see it: each file beside this one does one thing with it, and none knows
 * the whole, which is `LiveSession`.
 */
export interface SessionParts extends Session, Sleeper {
  readonly shared: ChannelShared<SessionParts>;
  readonly keys: KeySet<SessionParts>;
  readonly path: Path;
  readonly watch: PathWatch;
  readonly figures: Figures;
  /** What the peer may still cause. */
  readonly work: Work;
  /** The book of requests in both directions, once there is one. */
  requests: Requests | undefined;
  /** On the client, once it has told its parameters. */
  announcement: Announcement | undefined;
  peerParameters: SessionParameters | undefined;
  observedEndpoint: Uint8Array | undefined;
  /** How often it sends something when it is idle, ms; Infinity: never. */
  readonly keepaliveMs: number;
  endReason: DisconnectReason | undefined;
  /** As `LiveSession.acknowledgeInTime`. */
  acknowledgeInTime(nowMs: number): void;
  /** As `LiveSession.end`. */
  end(reason: DisconnectReason, closeReason: number | undefined, nowMs: number): void;
}
