import { encodePublish, encodePublishedPorts, FLOW_CLOSE, REQUEST, type PublishedPorts } from '@relay/packet';
import type { Services } from '@relay/relay';
import type { Session } from '@relay/session';
import type { Publish, PublishRefusal } from './publish.js';
import { hasRules } from './publish-format.js';
import { readPublishAnswer } from './publish-answer.js';

/** After a refusal the client asks again after this time, then after twice as long …, in ms. */
const FIRST_RETRY_MS = 1000;
/** … up to this, in ms. */
const LAST_RETRY_MS = 30_000;
/** How soon the client asks again for what its rights forbid: they seldom change. In ms. */
const DENIED_RETRY_MS = 60_000;
/** How soon the client tries again to send a request that the session did not take, in ms. */
const RESEND_MS = 1000;

/** An answer of the server to a request. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  /** The address of the server to which the session goes. */
  readonly serverAddress: string;
}

/** The parts of a {@link Negotiation}. */
export interface NegotiationOptions {
  readonly services: Pick<Services, 'set' | 'remove' | 'areIncomplete'>;
  /** Returns a number from 0 to 1, by chance. */
  readonly chance: () => number;
}

/**
 * The requests for one publish in one session at a time, one request after another. So the server
 * gets them in order, though packets may be lost or overtaken.
 */
export class Negotiation {
  readonly publish: Publish;
  /** Another mapping has exactly these ports: they stay open when this one leaves. */
  isTakenOver = false;
  readonly #options: NegotiationOptions;
  /** When the next publish request is due, in ms, unless one waits for its answer. */
  #dueMs = Infinity;
  /** How long the next wait after a refusal is, in ms. */
  #retryMs = FIRST_RETRY_MS;
  #openRequest: { readonly id: number; readonly kind: 'publish' | 'unpublish' } | undefined;
  /** True if settings have changed since the last publish request. */
  #isOutdated = false;
  /** What the server has opened in this session and is still wanted. */
  #held: PublishedPorts | undefined;
  /** What the server has opened and must close, and from when on it is told, in ms. */
  #toClose: PublishedPorts | undefined;
  #closeMs = Infinity;
  #isLeaving = false;

  constructor(publish: Publish, options: NegotiationOptions) {
    this.publish = publish;
    this.#options = options;
  }

  /** When {@link ask} is worth calling, in ms; Infinity: not before something happens. */
  get dueMs(): number {
    if (this.#openRequest !== undefined) return Infinity;
    if (this.#toClose !== undefined) return this.#closeMs;
    return this.#isLeaving ? Infinity : this.#dueMs;
  }

  /** True if the mapping is gone, and there is nothing left to do for it. */
  get isOver(): boolean {
    return this.#isLeaving && this.#openRequest === undefined && this.#toClose === undefined;
  }

  /** The id of the request that waits for its answer. */
  get openId(): number | undefined {
    return this.#openRequest?.id;
  }

  /** A session begins that knows nothing of it. */
  begin(nowMs: number): void {
    this.end();
    this.#retryMs = FIRST_RETRY_MS;
    this.#dueMs = nowMs;
    this.publish.state = { kind: 'asking' };
  }

  /** The session is over. The server keeps what is open for a time, by itself. */
  end(): void {
    this.#openRequest = undefined;
    this.#held = undefined;
    this.#toClose = undefined;
    this.#isOutdated = false;
    this.#dueMs = Infinity;
    this.publish.state = { kind: 'waiting' };
  }

  /** The settings have changed: the server is asked again, for the same mapping. */
  changed(nowMs: number): void {
    this.#isOutdated = true;
    this.#dueMs = nowMs;
  }

  /**
   * The mapping is gone: what is open is closed, unless {@link isTakenOver}. {@link isOver} says
   * when that is done.
   */
  leave(nowMs: number): void {
    this.#isLeaving = true;
    const { service } = this.publish;
    service.end(FLOW_CLOSE.closed, nowMs);
    this.#options.services.remove(service);
    if (!this.isTakenOver && this.#held !== undefined) this.#close(this.#held, nowMs);
  }

  /**
   * Sends the request that is due. A server that takes no entries cannot keep out whom the mapping
   * refuses: it is not asked. Returns true if the state of the publish is a new one.
   */
  ask(session: Session, hasEntries: boolean, nowMs: number): boolean {
    const { publish } = this;
    if (this.#toClose !== undefined) {
      this.#send(session, 'unpublish', encodePublishedPorts(this.#toClose), nowMs);
    } else if (!hasEntries && hasRules(publish.mapping)) {
      this.#refused({ status: 'unsupported', port: undefined }, nowMs);
      return true;
    } else {
      // The server may let visitors in before its answer is here.
      const { wantedPorts } = publish;
      if (wantedPorts.endpoint.port !== 0) this.#options.services.set(publish.service, wantedPorts);
      this.#isOutdated = false;
      this.#send(session, 'publish', encodePublish(publish.request(hasEntries)), nowMs);
    }
    return false;
  }

  /**
   * Takes the answer to the request that waits for it. Returns true if the state of the publish is
   * a new one.
   */
  answered(answer: Answer, nowMs: number): boolean {
    const kind = this.#openRequest?.kind;
    this.#openRequest = undefined;
    if (kind === 'publish') return this.#published(answer, nowMs);
    this.#toClose = undefined; // whatever the answer is, asking again would not change it
    return false;
  }

  #send(session: Session, kind: 'publish' | 'unpublish', body: Uint8Array, nowMs: number): void {
    const id = session.request(REQUEST[kind], body, nowMs);
    if (id >= 0) this.#openRequest = { id, kind };
    else this.#dueMs = this.#closeMs = nowMs + RESEND_MS;
  }

  #close(ports: PublishedPorts, nowMs: number): void {
    this.#toClose = ports;
    this.#closeMs = nowMs;
  }

  #published({ status, body, serverAddress }: Answer, nowMs: number): boolean {
    const { publish } = this;
    const answer = readPublishAnswer(publish.wantedPorts, status, body);
    const toClose = 'ports' in answer ? (this.#isLeaving ? answer.ports : undefined) : answer.toClose;
    if (toClose !== undefined && !this.isTakenOver) this.#close(toClose, nowMs);
    if (this.#isLeaving) return false;
    if ('ports' in answer) this.#opened(answer.ports, serverAddress, nowMs);
    else this.#refused(answer.refusal, nowMs);
    return true;
  }

  #opened(ports: PublishedPorts, serverAddress: string, nowMs: number): void {
    const { publish } = this;
    this.#held = ports;
    this.#retryMs = FIRST_RETRY_MS;
    this.#options.services.set(publish.service, ports);
    publish.opened(ports, serverAddress);
    this.#dueMs = this.#isOutdated ? nowMs : Infinity;
  }

  #refused(refusal: PublishRefusal, nowMs: number): void {
    const { publish } = this;
    this.#options.services.remove(publish.service);
    this.#dueMs = this.#isOutdated ? nowMs : nowMs + this.#waitMs(refusal.status);
    publish.state = { kind: 'refused', retryMs: this.#dueMs, ...refusal };
  }

  /** How long to wait before the next request after this refusal, in ms. */
  #waitMs(status: PublishRefusal['status']): number {
    const share = 0.8 + 0.4 * this.#options.chance();
    if (status === 'malformed' || status === 'unsupported') return Infinity;
    if (status === 'denied') return DENIED_RETRY_MS * share;
    const waitMs = Math.min(this.#retryMs * share, LAST_RETRY_MS);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    return waitMs;
  }
}
