/**
 * The ports of the server that clients have published: whose they are, and for how long. They
 * belong to the client, over all its sessions. Time is given, and nothing is opened here.
 */
import { isDeepStrictEqual } from 'node:util';
import { isUnspecifiedAddress, STATUS, type PublishedPorts, type PublishRequest } from '@relay/packet';
import type { Machine, Pace } from '@relay/program';
import { KnownClients, type ClientsChange, type FlowMapping, type LeavingClient, type PortRange } from '@relay/relay';
import { formatKey } from '@relay/session';
import { mappingStatus, type MappingStatus } from './mapping-status.js';
import { firstOutside, portsToTry } from './permitted-ports.js';
import { PortBook } from './port-book.js';
import { NO_SESSION, type PortOpener } from './port-opener.js';
import type { PublicAddresses } from './public-addresses.js';
import { equalPorts, Publication, type Assignment } from './publication.js';
import {
  factsOf,
  type CloseCause,
  type PublishEvent,
  type PublishFacts,
  type PublishOutcome,
  type PublishReason,
} from './publish-event.js';
import { refused, refusedOverlap, type RefusedOutcome } from './refusal.js';
import { rulesOf } from './asked-rules.js';
import { LOOKS_AT_ONCE, MAX_TRIES, MAX_WAITING, RequestBudget } from './request-budget.js';
import { Turns } from './turns.js';

export interface PublicationsOptions {
  readonly machine: Pick<Machine, 'clock' | 'wallClock' | 'random'>;
  readonly opener: PortOpener;
  readonly addresses: Pick<PublicAddresses, 'look'>;
  /** A long look for a port goes on in slices. */
  readonly pace: Pick<Pace, 'turn'>;
  /** How long ports are kept for a client that is away or does not ask for them, ms. */
  readonly graceMs: number;
  /** The settings of flows for which a client states none, and the most flows that it may state. */
  readonly defaults: Readonly<FlowMapping>;
  readonly onEvent: (event: PublishEvent) => void;
  /** {@link Publications.assignments} have changed. */
  readonly onChange: () => void;
  /** Takes the error of work that nobody waits for. */
  readonly onFault: (error: unknown) => void;
  /** Called after work that nobody waits for: {@link Publications.nextDueMs} may have changed. */
  readonly settle: () => void;
}

/** The session in which a client asks. */
export interface Asker {
  readonly session: number;
  /** Static public key of the client, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Undefined where the client's session is over: nobody waits for the outcome. */
type Outcome = PublishOutcome | undefined;

/** Ports of a client are closed at most this many ms after its invitation has expired. */
const EXPIRY_LOOK_MS = 1000;
/** The shortest idle time of a flow, as of the option `idle`. */
const MIN_IDLE_MS = 1000;
/** Why one port is refused where another may do as well. */
const ONE_PORT_ONLY: ReadonlySet<PublishReason> = new Set(['address-in-use', 'permission-denied']);

export class Publications {
  readonly #options: PublicationsOptions;
  readonly #book = new PortBook();
  readonly #known: KnownClients;
  /** The present session of each client. */
  readonly #sessions = new Map<string, number>();
  readonly #turns = new Turns();
  readonly #budget = new RequestBudget();
  #lastExpiryLookMs = -Infinity;
  /** Undefined where it must be found again. */
  #nextDueMs: number | undefined;
  #isClosed = false;

  constructor(options: PublicationsOptions) {
    this.#options = options;
    this.#known = new KnownClients(options.machine.wallClock);
  }

  /** When {@link due} has something to do, ms; Infinity: never. */
  get nextDueMs(): number {
    if (this.#isClosed) return Infinity;
    this.#nextDueMs ??= this.#soonest();
    return this.#nextDueMs;
  }

  /** All that are open, or kept for their clients. */
  list(): MappingStatus[] {
    return this.#settled().map(mappingStatus);
  }

  /** All that is to outlive this process. */
  assignments(): readonly Assignment[] {
    return this.#settled();
  }

  /** Keeps what a former life of the server had assigned, where clients may still have it. */
  reserve(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      const client = this.#known.lookup(assignment.publicKey);
      const isTaken = this.#book.overlaps(assignment.ports).next().done !== true;
      if (client === undefined || isTaken || firstOutside(assignment.ports, client.publish) !== undefined) {
        this.#options.onChange();
        continue;
      }
      const publication = new Publication(client.name, assignment, { ...this.#options.defaults });
      publication.isSettled = true;
      this.#book.add(publication);
      this.#keep(publication);
    }
  }

  /** Changes the clients. Ports close at once where their client may not have them any more. */
  updateClients(change: ClientsChange): void {
    this.#leave(this.#known.apply(change));
    for (const publicKey of change.gone) this.#budget.forget(formatKey(publicKey));
    for (const { publicKey, name, publish } of change.changed) {
      for (const publication of this.#book.of(formatKey(publicKey))) {
        publication.client = name;
        if (firstOutside(publication.ports, publish) !== undefined) this.#close(publication, 'not-allowed');
      }
    }
    this.#nextDueMs = undefined;
  }

  /** A client has begun this session. */
  connected({ publicKey, session }: Asker): void {
    const key = formatKey(publicKey);
    this.#sessions.set(key, session);
    for (const publication of this.#book.of(key)) if (publication.session !== session) this.#keep(publication);
  }

  /** This session of a client is over. */
  disconnected({ publicKey, session }: Asker): void {
    const key = formatKey(publicKey);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    for (const publication of this.#book.of(key)) if (publication.session === session) this.#keep(publication);
  }

  /** Does the work that is due. */
  due(nowMs: number): void {
    if (this.#isClosed) return;
    if (this.#known.isExpiring && this.#lastExpiryLookMs + EXPIRY_LOOK_MS <= nowMs) {
      this.#lastExpiryLookMs = nowMs;
      this.#leave(this.#known.takeExpired());
    }
    for (const publication of [...this.#book]) {
      if (publication.expiresMs <= nowMs) this.#close(publication, 'not-asked-for');
      else if (publication.retryMs <= nowMs) this.#completeLater(publication);
    }
    this.#nextDueMs = undefined;
  }

  /** Looks at this host's addresses, which may have changed. Throws the system's error. */
  lookAtAddresses(): void {
    if (!this.#options.addresses.look()) return;
    for (const publication of this.#settled())
      if (publication.sockets && isUnspecifiedAddress(publication.ports.endpoint.address))
        this.#completeLater(publication);
  }

  /** Publishes ports, one request of a client after another. */
  async publish(asker: Asker, asked: PublishRequest): Promise<Outcome> {
    const { publicKey, session } = asker;
    const { endpoint, count, token, name } = asked;
    const key = formatKey(publicKey);
    if (this.#turns.countOf(key) >= MAX_WAITING) return refused(STATUS.limit, 'too-many-requests');
    return this.#turns.take(key, async () => {
      const client = this.#known.lookup(publicKey)?.name ?? '(revoked)';
      const assignment = { publicKey, ports: { endpoint, count }, token };
      const wanted = new Publication(client, assignment, this.#settingsOf(asked), rulesOf(asked));
      wanted.name = name;
      const facts = factsOf(wanted);
      const outcome = await this.#publish(wanted, session).catch((error: unknown) => {
        this.#forget(wanted);
        this.#options.onFault(error);
        return refused(STATUS.failed, 'fault');
      });
      if (outcome !== undefined && outcome.status !== STATUS.done) this.#refused(facts, outcome);
      return outcome;
    });
  }

  /** Closes ports that the client has published. Returns whether there were such. */
  unpublish({ publicKey }: Pick<Asker, 'publicKey'>, ports: PublishedPorts): Promise<boolean> {
    const key = formatKey(publicKey);
    return this.#turns.take(key, async () => {
      const publication = this.#book.find(key, ports);
      if (publication === undefined) return false;
      this.#close(publication);
      await this.#options.opener.allClosed();
      return true;
    });
  }

  /** Publishes nothing any more, and closes all sockets. The assignments stay as they are. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const publication of this.#book) this.#options.opener.close(publication);
    await this.#turns.ended();
    await this.#options.opener.allClosed();
  }

  async #publish(wanted: Publication, session: number): Promise<Outcome> {
    const { key, ports, token } = wanted;
    if (this.#isClosed) return refused(STATUS.draining, 'draining');
    const permitted = this.#permitted(wanted);
    const isAny = ports.endpoint.port === 0;
    const outside = isAny ? undefined : firstOutside(ports, permitted);
    if (permitted.length === 0 || outside !== undefined) return refused(STATUS.denied, 'not-allowed', outside);
    const mayAsk = this.#budget.take(key, ports.count, this.#options.machine.clock());
    if (!mayAsk) return refused(STATUS.limit, 'too-many-requests');
    const same = this.#book.of(key).find((own) => own.token !== undefined && own.token === token);
    if (same !== undefined) {
      if (isFor(same.ports, ports)) return this.#renew(same, wanted, session);
      this.#close(same, 'replaced');
    }
    if (isAny) return this.#publishAny(wanted, session);
    const former = this.#book.find(key, ports);
    const isFree = former?.session !== session || former.token === undefined || former.token === token;
    return former !== undefined && isFree ? this.#renew(former, wanted, session) : this.#publishNew(wanted, session);
  }

  /** It is there already: its sockets go on, with the new settings. */
  async #renew(former: Publication, wanted: Publication, session: number): Promise<Outcome> {
    const { opener, onChange, onEvent } = this.#options;
    if (wanted.token !== undefined && wanted.token !== former.token) {
      former.token = wanted.token;
      onChange();
    }
    former.name = wanted.name;
    Object.assign(former.mapping, wanted.mapping);
    this.#askedIn(former, session);
    if (!isDeepStrictEqual(former.rules, wanted.rules)) {
      former.rules = wanted.rules;
      await former.sockets?.applyRules(wanted.rules);
      if (former.isClosed) return refused(STATUS.denied, 'not-allowed');
    }
    if (former.sockets === undefined) {
      if (!opener.prepare(former, session)) return undefined; // it stays as it is kept
      await this.#complete(former);
      if (former.isClosed) return refused(STATUS.denied, 'not-allowed');
      if (!former.isPartly) onEvent({ kind: 'published', ...factsOf(former) });
    }
    return { status: STATUS.done, ports: former.ports };
  }

  async #publishNew(wanted: Publication, session: number): Promise<Outcome> {
    const leaving = new Set<Publication>();
    for (const overlap of this.#book.overlaps(wanted.ports)) {
      const { holder } = overlap;
      if (holder.key !== wanted.key || holder.session === session) return refusedOverlap(overlap, wanted.key);
      leaving.add(holder); // of a former configuration of the client
    }
    for (const publication of leaving) this.#close(publication, 'replaced');
    return this.#open(wanted, session);
  }

  /** Port 0: any port that is free, of those that the client may publish. */
  async #publishAny(wanted: Publication, session: number): Promise<Outcome> {
    const { address } = wanted.ports.endpoint;
    let [looks, tries] = [0, 0];
    for (const port of portsToTry(this.#permitted(wanted), this.#options.machine.random)) {
      const ports = { endpoint: { address, port }, count: 1 };
      if (++looks % LOOKS_AT_ONCE === 0) await this.#options.pace.turn();
      if (this.#sessions.get(wanted.key) !== session) return undefined;
      if (this.#book.overlaps(ports).next().done !== true) continue;
      if (firstOutside(ports, this.#permitted(wanted)) !== undefined) continue; // rights may have changed
      if (++tries > MAX_TRIES || !this.#budget.takeTry(wanted.key, this.#options.machine.clock())) break;
      wanted.ports = ports;
      const outcome = await this.#open(wanted, session);
      if (outcome === undefined || outcome.status === STATUS.done || !ONE_PORT_ONLY.has(outcome.reason)) return outcome;
    }
    return refused(STATUS.unavailable, 'no-free-port');
  }

  /** Opens all ports or none. They are the client's from the first moment on. */
  async #open(wanted: Publication, session: number): Promise<Outcome> {
    const { opener, onChange, onEvent } = this.#options;
    this.#book.add(wanted);
    this.#askedIn(wanted, session);
    const refusal = await opener.openAll(wanted, session);
    if (this.#isClosed || wanted.isClosed || refusal !== undefined) {
      this.#forget(wanted);
      await opener.allClosed();
      if (this.#isClosed) return refused(STATUS.draining, 'draining');
      if (wanted.isClosed) return refused(STATUS.denied, 'not-allowed');
      return refusal === NO_SESSION ? undefined : refusal;
    }
    wanted.isSettled = true;
    onChange();
    onEvent({ kind: 'published', ...factsOf(wanted) });
    return { status: STATUS.done, ports: wanted.ports };
  }

  /** The ports that the client may publish now. */
  #permitted({ publicKey }: Publication): readonly PortRange[] {
    return this.#known.lookup(publicKey)?.publish ?? [];
  }

  #completeLater(publication: Publication): void {
    publication.retryMs = Infinity;
    this.#turns
      .take(publication.key, async () => {
        const wasPartly = publication.isPartly;
        await this.#complete(publication);
        if (wasPartly && !publication.isPartly && !publication.isClosed)
          this.#options.onEvent({ kind: 'published', ...factsOf(publication) });
      })
      .finally(this.#options.settle)
      .catch(this.#options.onFault);
  }

  /** Opens what is free of the ports that should be open, and says which is not. */
  async #complete(publication: Publication): Promise<void> {
    if (this.#isOver(publication)) return;
    const failures = await this.#options.opener.complete(publication).catch((error: unknown) => {
      this.#options.onFault(error);
      return [refused(STATUS.failed, 'fault')];
    });
    if (this.#isOver(publication)) return;
    const [failure] = failures;
    publication.isPartly = failure !== undefined;
    publication.retry(this.#options.machine.clock());
    this.#nextDueMs = undefined;
    if (failure === undefined) return;
    const { status: _, ...refusal } = failure;
    this.#options.onEvent({ kind: 'partly', ...factsOf(publication), ...refusal });
  }

  #isOver(publication: Publication): boolean {
    return this.#isClosed || publication.isClosed;
  }

  /** The client has asked for it in this session, which may be over already. */
  #askedIn(publication: Publication, session: number): void {
    if (this.#sessions.get(publication.key) !== session) return this.#keep(publication);
    publication.session = session;
    publication.expiresMs = Infinity;
    this.#nextDueMs = undefined;
  }

  /** The client is away, or has not asked for it: it is kept for some time. */
  #keep(publication: Publication): void {
    publication.session = undefined;
    publication.expiresMs = this.#options.machine.clock() + this.#options.graceMs;
    this.#nextDueMs = undefined;
  }

  #leave(leaving: readonly LeavingClient[]): void {
    for (const { publicKey, reason } of leaving)
      for (const publication of this.#book.of(formatKey(publicKey))) this.#close(publication, reason);
  }

  /** Its ports are free, its sockets close. Without a cause its client wanted that. */
  #close(publication: Publication, cause?: CloseCause): void {
    publication.isClosed = true;
    this.#forget(publication);
    if (!publication.isSettled) return; // it is still being opened, and its request is refused
    const facts = factsOf(publication);
    this.#options.onEvent(
      cause === undefined ? { kind: 'unpublished', ...facts } : { kind: 'closed', ...facts, cause },
    );
    this.#options.onChange();
  }

  #forget(publication: Publication): void {
    this.#book.remove(publication);
    this.#options.opener.close(publication);
    this.#nextDueMs = undefined;
  }

  #refused(facts: PublishFacts, { status: _, ...refusal }: RefusedOutcome): void {
    this.#options.onEvent({ kind: 'refused', ...facts, ...refusal });
  }

  #settled(): Publication[] {
    return [...this.#book].filter(({ isSettled }) => isSettled);
  }

  #settingsOf({ idleMs, maxFlows, replies, requests }: PublishRequest): FlowMapping {
    const { defaults } = this.#options;
    const idle = idleMs === undefined ? defaults.idleMs : idleMs === 0 ? Infinity : Math.max(MIN_IDLE_MS, idleMs);
    return { idleMs: idle, maxFlows: Math.min(maxFlows ?? Infinity, defaults.maxFlows), replies, requests };
  }

  #soonest(): number {
    let soonestMs = Infinity;
    for (const { expiresMs, retryMs } of this.#book) soonestMs = Math.min(soonestMs, expiresMs, retryMs);
    if (this.#book.isEmpty || !this.#known.isExpiring) return soonestMs;
    return Math.min(soonestMs, this.#lastExpiryLookMs + EXPIRY_LOOK_MS);
  }
}

/** Whether these ports are what is asked for; port 0 asks for any. */
const isFor = (ports: PublishedPorts, asked: PublishedPorts): boolean =>
  equalPorts(asked.endpoint.port === 0 ? { ...ports, endpoint: { ...ports.endpoint, port: 0 } } : ports, asked);
