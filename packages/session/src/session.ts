import type { SessionParameters } from '@relay/packet';
import type { ClientEntry } from './server/directory.js';

/**
 * The secure association of one client with one server, as seen from either. Made by a channel,
 * never by a program.
 */
export interface Session {
  /**
   * Number of this session within its channel: unique for the life of the channel. For logs and
   * lists.
   */
  readonly id: number;
  /** Identity of the peer: its static public key, 32 bytes. */
  readonly peerPublicKey: Uint8Array;
  /** The same as a string, one for each key: for Maps. */
  readonly peerName: string;
  /**
   * On the server: what the directory said of the client at its last handshake. On the client:
   * undefined.
   */
  readonly client: ClientEntry | undefined;
  /**
   * Which way packets go now: a packed path (48 bytes). Its content changes when the client roams.
   */
  readonly packedPath: Uint8Array;
  /**
   * Packed endpoint (24 bytes) to which packets go now: the peer's end of {@link packedPath}, as a
   * new view of it.
   */
  readonly endpoint: Uint8Array;
  /**
   * Whether the peer has shown that it receives on {@link packedPath}: it answered what only went
   * there.
   */
  readonly isPathProven: boolean;
  /**
   * On the client: packed endpoint (24 bytes) of ourselves as the server sees us; undefined until
   * it told.
   */
  readonly observedEndpoint: Uint8Array | undefined;
  /** When the session began to carry frames. */
  readonly connectedMs: number;
  /** Whether the session is alive; false from the `disconnected` event on. */
  readonly isOpen: boolean;
  /** Whether the path is lost: nothing comes back at present. */
  readonly isPathLost: boolean;
  /** What the peer told of itself, once the `parameters` event came. */
  readonly peerParameters: Readonly<SessionParameters> | undefined;
  /** Measured so far: a new object with each read. */
  readonly statistics: SessionStatistics;
  /** Most bytes of frames that one packet may carry to this peer, by what both sides take. */
  readonly maxFramesBytes: number;

  /**
   * Seals frames in place. They lie at `bytes[offset + 16 .. offset + 16 + framesLength]`; the 16
   * bytes before them (header) and the 16 after them (tag) are overwritten. Returns the length of
   * the packet that begins at `offset`, to be sent on `packedPath` at once; or a drop code (< 0):
   * `no-session`, `expired-key`, `path-unvalidated`, `unreachable` (the path is lost), `too-large`.
   */
  seal(bytes: Uint8Array, offset: number, framesLength: number, nowMs: number): number;

  /**
   * Copies frames into a packet of the channel's own, seals it and adds it to the channel's `out`.
   * Returns as `seal` does.
   */
  sendFrames(bytes: Uint8Array, offset: number, length: number, nowMs: number): number;

  /**
   * Sends a control request of this kind (`REQUEST` of `@relay/packet`) and repeats it until it is
   * answered or the session ends. Returns its id (> 0), which comes back in the `answer` event; or
   * a drop code (< 0): `too-large` (the body does not fit a packet of this session), `queue-full`
   * (1,024 requests are open), `no-session`.
   */
  request(request: number, body: Uint8Array, nowMs: number): number;

  /**
   * Answers the request with this id (`STATUS` of `@relay/packet`). The answer is kept, and
   * repeated if the request comes again; a second answer changes nothing. Returns 0, or a drop code
   * (< 0): `too-large` (the body does not fit a packet of this session: give a shorter answer),
   * `no-session`.
   */
  answer(id: number, status: number, body: Uint8Array, nowMs: number): number;

  /** Measures the round trip now: the `pong` event tells. */
  ping(nowMs: number): void;
}

/**
 * What a session has measured. Times are ms, NaN until measured; loss is from 0 to 1, over about
 * the last 4 s with traffic, NaN until known.
 */
export interface SessionStatistics {
  /** Packets opened and sealed, and their bytes (UDP payload). */
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  /**
   * Round trips as measured here: smoothed (RFC 6298), the latest, the least; and how much they
   * vary.
   */
  readonly roundTripMs: number;
  readonly latestRoundTripMs: number;
  readonly minimumRoundTripMs: number;
  readonly roundTripVariationMs: number;
  /** The smoothed round trip as the peer measures it. */
  readonly peerRoundTripMs: number;
  /**
   * Interarrival jitter (RFC 3550 §6.4.1) of what comes in, and of what goes out as the peer
   * reports it.
   */
  readonly jitterInMs: number;
  readonly jitterOutMs: number;
  readonly lossIn: number;
  readonly lossOut: number;
}
