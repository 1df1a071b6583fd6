import type { ClientEntry } from './directory.js';
import type { DisconnectReason } from './events.js';
import type { PeerParameters } from './parameters.js';

/** The secure association of one client with one server, as seen from either. Made by a channel, never by a program. */
export declare class Session {
  /** Number of this session within its channel: unique for the life of the channel. For logs and lists. */
  readonly id: number;
  /** Identity of the peer: its static public key, 32 bytes. */
  readonly peerPublicKey: Uint8Array;
  /** On the server: what the directory said of the client at its last handshake. On the client: undefined. */
  readonly client: ClientEntry | undefined;
  /** Packed endpoint (24 bytes) packets go to now. Changes in place when the client roams. */
  readonly endpoint: Uint8Array;
  /** For the program's own state of this session. The channel neither reads nor writes it. */
  attachment: unknown;
  readonly connectedMs: number;
  readonly isOpen: boolean;
  readonly endReason: DisconnectReason | undefined;
  /** Limits and features of the peer, once the `parameters` event came. */
  readonly peerParameters: PeerParameters | undefined;
  readonly statistics: SessionStatistics;
  /** Most bytes of frames that one packet may carry to this peer: what the path is assumed to take, less the channel's own. */
  readonly maxFramesBytes: number;

  /**
   * Seals frames in place. The frames lie at `bytes[offset + 16 .. offset + 16 + framesLength]`; 16 writable bytes before
   * (the header) and after them (the tag) are overwritten. Returns the length of the packet that now begins at `offset`,
   * to be sent to `endpoint`; or a drop code (< 0): `no-session`, `expired-key`, `path-unvalidated`, `unreachable`, `too-large`.
   */
  seal(bytes: Uint8Array, offset: number, framesLength: number, nowMs: number): number;
  /** Copies small frames into a packet of the channel's own, seals it and gives it to `onPacket`. Returns as `seal` does. */
  sendFrames(bytes: Uint8Array, offset: number, length: number, nowMs: number): number;

  /** Sends a control request and repeats it until it is answered or the session ends. Returns its id. Throws if the body is too large. */
  request(request: number, body: Uint8Array, nowMs: number): number;
  /** Answers a request; the answer is kept for a while and repeated if the request comes again. */
  answer(id: number, status: number, body: Uint8Array, nowMs: number): void;
  /** Measures the round trip now. */
  ping(nowMs: number): void;
}

export interface SessionStatistics {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Smoothed and latest round-trip time, ms; NaN until measured. */
  readonly roundTripMs: number;
  readonly latestRoundTripMs: number;
  readonly minimumRoundTripMs: number;
  /** Interarrival variation of round trips, ms (RFC 6298 RTTVAR). */
  readonly jitterMs: number;
  /** Lost of what the peer sent to us, and of what we sent to it (by its reports), 0 to 1, over the last seconds; NaN until known. */
  readonly lossIn: number;
  readonly lossOut: number;
}
