import { INSTANCE_MASK, REKEY_BIT } from '../protocol.js';
import type { LiveSession } from '../session/live-session.js';

/**
 * The sessions of all clients by the client's name: at most one that is established, and one that
 * is being set up.
 */
export class ClientSessions {
  readonly #established = new Map<string, LiveSession>();
  readonly #pending = new Map<string, LiveSession>();

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
    this.#established.set(session.peerName, session);
    return former;
  }

  remove(session: LiveSession): void {
    for (const sessions of [this.#established, this.#pending]) {
      if (sessions.get(session.peerName) === session) sessions.delete(session.peerName);
    }
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

/** Whether a framed initiation with this sender index claims to renew the keys of a session. */
export function isRekey(senderIndex: number): boolean {
  return (senderIndex & REKEY_BIT) !== 0;
}

/** Whether a framed initiation with this sender index is from the session's own client channel. */
export function isSameInstance(session: LiveSession, senderIndex: number): boolean {
  const keys = session.current ?? session.next;
  return keys !== undefined && ((keys.peerIndex ^ senderIndex) & INSTANCE_MASK) === 0;
}

function lastHandshakeMsOf(session: LiveSession | undefined): number {
  return session?.next?.createdMs ?? session?.current?.createdMs ?? -Infinity;
}
