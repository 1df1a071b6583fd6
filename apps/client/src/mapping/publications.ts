import { createHash } from 'node:crypto';
import { FEATURE } from '@relay/packet';
import type { Session } from '@relay/session';
import { Negotiation, type Answer, type NegotiationOptions } from './negotiation.js';
import { Publish, type PublishState } from './publish.js';
import { publicPortsOf, publishText, type PublishMapping } from './publish-format.js';

/** The changes that {@link Publications.apply} made. */
export interface PublishChanges {
  readonly opened: readonly Publish[];
  readonly closed: readonly Publish[];
}

/**
 * States in which the server may have opened the ports already. A visitor who was refused then
 * would wait until the server offers its flow again.
 */
const ANSWER_IS_MISSING: ReadonlySet<PublishState['kind']> = new Set(['waiting', 'asking']);

/**
 * The publishes of a running client. As long as there is a session, its server is asked for their
 * ports, and asked again where it refuses them.
 */
export class Publications {
  readonly #options: NegotiationOptions;
  #present: readonly Negotiation[] = [];
  /** The mappings that are gone, until the server has closed their ports. */
  #leaving: readonly Negotiation[] = [];
  #session: Session | undefined;
  #nextAskMs = Infinity;
  #news: Publish[] = [];

  constructor(options: NegotiationOptions) {
    this.#options = options;
  }

  /** The publishes in their configured order. */
  get publishes(): readonly Publish[] {
    return this.#present.map(({ publish }) => publish);
  }

  /** The time of the next call to {@link askDue}, in ms. The loop asks for it in each turn. */
  get nextAskMs(): number {
    return this.#nextAskMs;
  }

  /**
   * Carries these mappings from now on. A mapping between the same endpoints keeps its flows, and
   * the server learns of its new settings.
   */
  apply(wanted: readonly PublishMapping[], nowMs: number): PublishChanges {
    const leaving = new Set(this.#present);
    const found = wanted.map((mapping) => takeSame(leaving, mapping));
    const tokens = new Set(found.flatMap((kept) => kept?.publish.token ?? []));
    for (const negotiation of [...this.#leaving, ...leaving])
      negotiation.isTakenOver = wanted.some((mapping) => haveSamePorts(mapping, negotiation.publish.mapping));
    for (const negotiation of leaving) negotiation.leave(nowMs);
    const opened: Publish[] = [];
    this.#present = wanted.map((mapping, i) => {
      const kept = found[i];
      if (kept?.publish.update(mapping) === true) kept.changed(nowMs);
      if (kept !== undefined) return kept;
      const negotiation = this.#begin(new Publish(mapping, newToken(mapping, tokens)), nowMs);
      opened.push(negotiation.publish);
      return negotiation;
    });
    this.#leaving = [...this.#leaving, ...leaving];
    this.askDue(nowMs);
    return { opened, closed: [...leaving].map(({ publish }) => publish) };
  }

  /** Begins with a session whose parameters are known: asks for everything. */
  begin(session: Session, nowMs: number): void {
    this.end();
    this.#session = session;
    for (const negotiation of this.#present) negotiation.begin(nowMs);
    this.askDue(nowMs);
  }

  /** The session is over. */
  end(): void {
    this.#session = undefined;
    this.#leaving = [];
    this.#nextAskMs = Infinity;
    for (const negotiation of this.#present) negotiation.end();
    this.#options.services.areIncomplete = this.#present.length > 0;
  }

  /** Sends the requests that are due. */
  askDue(nowMs: number): void {
    this.#leaving = this.#leaving.filter(({ isOver }) => !isOver);
    this.#options.services.areIncomplete = this.publishes.some(({ state }) => ANSWER_IS_MISSING.has(state.kind));
    const session = this.#session;
    if (session === undefined) return;
    const features = session.peerParameters?.features ?? 0;
    const hasEntries = (features & FEATURE.publishEntries) !== 0;
    this.#nextAskMs = Infinity;
    for (const negotiation of this.#askable) {
      if (negotiation.dueMs <= nowMs && negotiation.ask(session, hasEntries, nowMs))
        this.#news.push(negotiation.publish);
      this.#nextAskMs = Math.min(this.#nextAskMs, negotiation.dueMs);
    }
  }

  /**
   * Takes the answer to a request of this session. It ignores an answer to a request that is not
   * one of its own.
   */
  answered(id: number, answer: Answer, nowMs: number): void {
    const negotiation = [...this.#present, ...this.#leaving].find(({ openId }) => openId === id);
    if (negotiation === undefined) return;
    if (negotiation.answered(answer, nowMs)) this.#news.push(negotiation.publish);
    this.askDue(nowMs);
  }

  /** Returns the publishes whose state the server has changed since the last call. */
  takeNews(): readonly Publish[] {
    const news = this.#news;
    if (news.length > 0) this.#news = [];
    return news;
  }

  /**
   * What a mapping that is gone leaves behind is closed first: others may want the same ports, and
   * the network may change the order of requests.
   */
  get #askable(): readonly Negotiation[] {
    return this.#leaving.length > 0 ? this.#leaving : this.#present;
  }

  #begin(publish: Publish, nowMs: number): Negotiation {
    const negotiation = new Negotiation(publish, this.#options);
    if (this.#session !== undefined) negotiation.begin(nowMs);
    return negotiation;
  }
}

/** Takes a publish between the same endpoints out of the set and returns it. */
function takeSame(negotiations: Set<Negotiation>, mapping: PublishMapping): Negotiation | undefined {
  for (const negotiation of negotiations) {
    if (publishText(negotiation.publish.mapping) !== publishText(mapping)) continue;
    negotiations.delete(negotiation);
    return negotiation;
  }
  return undefined;
}

function haveSamePorts(one: PublishMapping, other: PublishMapping): boolean {
  const [a, b] = [publicPortsOf(one), publicPortsOf(other)];
  return a.first !== 0 && a.address === b.address && a.first === b.first && a.last === b.last;
}

/**
 * Makes a token of what the mapping is, so that it is the same after a restart of the client, and
 * adds it to `taken`. Mappings between the same endpoints, of which port 0 allows several, have
 * different tokens.
 */
function newToken(mapping: PublishMapping, taken: Set<number>): number {
  for (let number = 0; ; number++) {
    const token = createHash('sha256')
      .update(`${publishText(mapping)} ${number}`)
      .digest()
      .readUInt32LE();
    if (taken.has(token)) continue;
    taken.add(token);
    return token;
  }
}
