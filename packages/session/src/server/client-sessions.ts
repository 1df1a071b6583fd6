import type { LiveSession } from '../session/live-session.js';
import { Work } from '../session/work.js';
import type { ClientLimits } from './directory.js';
import { TokenBucket } from '../token-bucket.js';
import { NOTICES_PER_SECOND } from '../tuning.js';
import { DoorLimits } from './door-limits.js';

/**
 * What the channel keeps of all clients, by the client's name: at most one session that is
 * established, one that is being set up, and the limits at the door and of notices, which outlive
 * sessions.
 */
export class ClientSessions {
  /** How many sessions of both kinds there may be. */
  readonly most: number;
  readonly #established = new Map<string, LiveSession>();
  readonly #pending = new Map<string, LiveSession>();
  readonly #doors = new Map<string, DoorLimits>();
  /** Clients that were woken and have not come yet. */
  readonly #expected = new Map<string, number>();
  readonly #notices = new Map<string, TokenBucket>();
  readonly #work = new Map<string, Work>();

  constructor(most: number) {
    this.most = most;
  }

  /** Of both kinds. */
  get size(): number {
    return this.#established.size + this.#pending.size;
  }

  established(name: string): LiveSession | undefined {
    return this.#established.get(name);
  }

  /** A session whose first handshake was answered but not confirmed. */
  pending(name: string): LiveSession | undefined {
    return this.#pending.get(name);
  }

  allEstablished(): Iterable<LiveSession> {
    return this.#established.values();
  }

  all(): LiveSession[] {
    return [...this.#pending.values(), ...this.#established.values()];
  }

  addPending(session: LiveSession): void {
    this.#pending.set(session.peerName, session);
  }

  /**
   * A pending session becomes the established one. Returns the one that it replaces, which still is
   * to be ended.
   */
  establish(session: LiveSession): LiveSession | undefined {
    const former = this.#established.get(session.peerName);
    this.#pending.delete(session.peerName);
    this.#expected.delete(session.peerName);
    this.#established.set(session.peerName, session);
    return former;
  }

  remove(session: LiveSession): void {
    for (const sessions of [this.#established, this.#pending]) {
      if (sessions.get(session.peerName) === session) sessions.delete(session.peerName);
    }
  }

  /**
   * The door of this client, as full as its former sessions have left it; undefined if it has no
   * limits. It stays until the client is revoked: there are no more of them than clients with
   * limits in the directory, and a door that went while it is not full would be a full one at the
   * next handshake. New limits make a new door.
   */
  doorOf(name: string, limits: ClientLimits): DoorLimits | undefined {
    const known = this.#doors.get(name);
    if (known?.isFor(limits) === true) return known;
    const door = DoorLimits.of(limits);
    if (door === undefined) this.#doors.delete(name);
    else this.#doors.set(name, door);
    return door;
  }

  /**
   * Counts a notice to this client, which the directory knows; false if it gets too many. As doors,
   * there are no more of these than clients in the directory.
   */
  takeNotice(name: string, nowMs: number): boolean {
    let bucket = this.#notices.get(name);
    if (bucket === undefined) {
      bucket = new TokenBucket(NOTICES_PER_SECOND);
      this.#notices.set(name, bucket);
    }
    return bucket.take(nowMs);
  }

  /** What this client may cause by frames. It outlives sessions, as doors do. */
  workOf(name: string): Work {
    let work = this.#work.get(name);
    if (work === undefined) {
      work = new Work();
      this.#work.set(name, work);
    }
    return work;
  }

  /** The client was woken, so that its handshake is expected until then. */
  expect(name: string, untilMs: number): void {
    this.#expected.set(name, untilMs);
  }

  isExpected(name: string, nowMs: number): boolean {
    return nowMs < (this.#expected.get(name) ?? -Infinity);
  }

  /** The client does not come back. */
  forgetClient(name: string): void {
    this.#expected.delete(name);
    this.#notices.delete(name);
    this.#doors.delete(name);
    this.#work.delete(name);
  }

  /** The newest timestamp of this client that its sessions know; 0n if none. */
  newestTimestamp(name: string): bigint {
    const established = this.#established.get(name)?.timestamp ?? 0n;
    const pending = this.#pending.get(name)?.timestamp ?? 0n;
    return established > pending ? established : pending;
  }

  /** When a handshake of this client was answered last; -Infinity if never. */
  lastHandshakeMs(name: string): number {
    return Math.max(lastHandshakeMsOf(this.#established.get(name)), lastHandshakeMsOf(this.#pending.get(name)));
  }
}

function lastHandshakeMsOf(session: LiveSession | undefined): number {
  return session?.keys.next?.createdMs ?? session?.keys.current?.createdMs ?? -Infinity;
}
