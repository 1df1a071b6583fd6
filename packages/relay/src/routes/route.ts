/** One route of a server: its ports, and its upstreams with what is known of them. */
import { DROP, FLOW_CLOSE } from '@relay/packet';
import type { RandomSource } from '@relay/session';
import { newBalance } from '../balance/balance.js';
import type { Balance } from '../balance/candidate.js';
import type { DatagramRun } from '../batch/datagram-run.js';
import { Listener, type ListenerPort, type PortAdmit } from '../ends/listener.js';
import type { PublicPort } from '../ends/public-port.js';
import type { UpstreamOwner } from '../ends/upstream-end.js';
import type { FlowMapping } from '../flow/flow-group.js';
import type { FlowTable } from '../flow/flow-table.js';
import { admitFromSource, type RouteMapping, type RouteServer } from '../modes/route.js';
import { Visitors } from '../policy/visitors.js';
import type { Notices } from '../notices.js';
import type { ActiveHealth } from './active-check.js';
import type { DownReason, RouteNotice, RouteSettings, RouteStatus, UpstreamSettings } from './route-data.js';
import { keyOf, UpstreamAddress, type UpstreamSurroundings } from './upstream-address.js';
import type { UpstreamPort } from './upstream-port.js';

/** What all routes of a shard share. */
export interface RouteSurroundings extends Omit<UpstreamSurroundings, 'owner' | 'changed'> {
  readonly table: FlowTable;
  readonly run: DatagramRun;
  readonly notices: Notices<RouteNotice>;
  readonly server: RouteServer & { readonly isFull: boolean };
  /** Fills its argument with random bytes. */
  readonly fill: RandomSource;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  readonly fault: (error: unknown, nowMs: number) => void;
}

/** See the module. Made by `Routes.add`; its owner sets its upstreams. */
export class Route implements RouteMapping {
  readonly listener: Listener;
  readonly #surroundings: RouteSurroundings;
  readonly #owner: UpstreamOwner;
  readonly #limits: FlowMapping;
  /** How many ports each upstream has. */
  readonly #count: number;
  readonly #numbers = new Map<ListenerPort, number>();
  /** A port of each number. */
  readonly #firstPorts = new Map<number, ListenerPort>();
  /** Names and targets of upstreams that get no new flows. */
  readonly #drained = new Set<string>();
  /** The ports, by number, at which all upstreams are down. */
  readonly #failedOpen = new Set<number>();
  #settings: RouteSettings;
  #balance: Balance;
  #upstreams: readonly UpstreamAddress[] = [];
  #withoutUpstream: number = DROP.resolving;

  /** `count`: how many ports each of its listeners and upstreams has. It has no port yet. */
  constructor(settings: RouteSettings, count: number, surroundings: RouteSurroundings) {
    const { table, run, server, fill, fault } = surroundings;
    this.#surroundings = surroundings;
    this.#owner = { name: undefined, waitingBytes: 0, fault };
    this.#settings = settings;
    this.#count = count;
    this.#limits = limitsOf(settings);
    this.#balance = newBalance(settings.balance, settings.hashBy, surroundings.random);
    const admit: PortAdmit = (opening, nowMs, port) =>
      admitFromSource(opening, this, this.#numbers.get(port) ?? 0, server, nowMs);
    const visitors = new Visitors(fill, settings.rules);
    this.listener = new Listener(this.#limits, [], { table, run, admit, visitors });
  }

  get name(): string {
    return this.#settings.name;
  }

  get upstreams(): readonly UpstreamAddress[] {
    return this.#upstreams;
  }

  get balance(): Balance {
    return this.#balance;
  }

  get withoutUpstream(): number {
    return this.#withoutUpstream;
  }

  /**
   * One port more is open. `number`: which port of each upstream it leads to, from 0; several may
   * have the same, one for each address on which the route listens.
   */
  addPort(port: PublicPort, number: number): void {
    this.#numbers.set(port, number);
    if (!this.#firstPorts.has(number)) this.#firstPorts.set(number, port);
    this.listener.addPort(port);
  }

  /** The port is closed: its flows end. */
  removePort(port: PublicPort, nowMs: number): void {
    const number = this.#numbers.get(port) ?? 0;
    this.#numbers.delete(port);
    if (this.#firstPorts.get(number) === port) this.#firstPorts.delete(number);
    this.listener.removePorts(new Set([port]), FLOW_CLOSE.closed, nowMs);
  }

  /** Other settings for the same ports; the limits hold for new flows. */
  update(settings: RouteSettings, nowMs: number): void {
    const { balance, hashBy, health, rules } = this.#settings;
    this.#settings = settings;
    Object.assign(this.#limits, limitsOf(settings));
    const judged = isSame(settings.rules, rules) ? [] : this.listener.applyRules(settings.rules ?? {});
    for (const flow of judged) this.listener.judge(flow, nowMs);
    for (const upstream of this.#upstreams) upstream.expectsAnswers = settings.replies !== 0;
    if (settings.balance !== balance || settings.hashBy !== hashBy)
      this.#balance = newBalance(settings.balance, settings.hashBy, this.#surroundings.random);
    if (!isSame(settings.health, health))
      for (const upstream of this.#upstreams) upstream.checkBy(activeOf(settings), nowMs);
  }

  /**
   * These are its upstreams from now on, with all their addresses; an address that stays keeps its
   * state. The flows of an address that goes stay with it until they end.
   */
  setUpstreams(settings: readonly UpstreamSettings[], nowMs: number): void {
    const leaving = new Map(this.#upstreams.map((upstream) => [upstream.key, upstream]));
    const wanted = new Map<string, UpstreamAddress>();
    for (const upstream of settings) {
      for (const address of upstream.addresses) {
        const key = keyOf(address, upstream.firstPort);
        if (wanted.has(key)) continue; // two names may have the same address
        wanted.set(key, leaving.get(key) ?? this.#newUpstream(upstream, address, nowMs));
        wanted.get(key)?.update(upstream);
        leaving.delete(key);
      }
    }
    for (const upstream of leaving.values()) upstream.leave();
    this.#upstreams = [...wanted.values()];
    this.#withoutUpstream = withoutUpstream(settings);
    const words = new Set([...settings, ...this.#upstreams].map((one) => ('target' in one ? one.target : one.name)));
    for (const word of this.#drained) if (!words.has(word)) this.#drained.delete(word);
    this.#reconsider();
  }

  /**
   * Gives an upstream no new flows any more, or again. It is named as in the configuration, which
   * means all its addresses, or by the target of one. Returns whether there is one.
   */
  setDrained(upstream: string, isDrained: boolean): boolean {
    if (!this.#upstreams.some(({ name, target }) => name === upstream || target === upstream)) return false;
    if (isDrained) this.#drained.add(upstream);
    else this.#undrain(upstream);
    this.#reconsider();
    return true;
  }

  status(): RouteStatus {
    const { name: route, balance } = this.#settings;
    const upstreams = this.#upstreams.map((upstream) => upstream.status());
    return { route, balance, flows: this.listener.flowCount, upstreams };
  }

  /** Its ports are closed: its flows end. */
  close(nowMs: number): void {
    for (const upstream of this.#upstreams) upstream.leave();
    this.#upstreams = [];
    this.listener.end(FLOW_CLOSE.closed, nowMs);
  }

  #newUpstream(settings: UpstreamSettings, address: string, nowMs: number): UpstreamAddress {
    const changed: UpstreamSurroundings['changed'] = (upstream, port, reason) => this.#changed(upstream, port, reason);
    const surroundings = { ...this.#surroundings, owner: this.#owner, changed };
    const upstream = new UpstreamAddress(settings, address, this.#count, surroundings);
    upstream.expectsAnswers = this.#settings.replies !== 0;
    const active = activeOf(this.#settings);
    if (active !== undefined) upstream.checkBy(active, nowMs);
    return upstream;
  }

  #undrain(word: string): void {
    for (const { name, target } of this.#upstreams) {
      if (name === word) this.#drained.delete(target);
      // The other addresses of a name that was drained as a whole remain drained.
      else if (target === word && this.#drained.delete(name))
        for (const other of this.#upstreams) if (other.name === name) this.#drained.add(other.target);
    }
    this.#drained.delete(word);
  }

  #changed({ name }: UpstreamAddress, { target, number }: UpstreamPort, reason: DownReason | undefined): void {
    const facts = { route: this.name, upstream: name, target };
    const { notices } = this.#surroundings;
    notices.add(reason === undefined ? { kind: 'upstream-up', ...facts } : { kind: 'upstream-down', ...facts, reason });
    this.#lookAt(number);
  }

  /** Which upstreams are drained, or are there at all, has changed. */
  #reconsider(): void {
    for (const upstream of this.#upstreams)
      upstream.isDrained = this.#drained.has(upstream.name) || this.#drained.has(upstream.target);
    for (let number = 0; number < this.#count; number++) this.#lookAt(number);
  }

  /** Says once that all upstreams of a port are down. */
  #lookAt(number: number): void {
    const inUse = this.#upstreams.filter(({ isDrained }) => !isDrained);
    const isOpen = inUse.length > 0 && inUse.every(({ ports }) => ports[number]?.health.isUp === false);
    const listen = this.#firstPorts.get(number)?.target?.slice();
    if (!isOpen) this.#failedOpen.delete(number);
    else if (!this.#failedOpen.has(number) && listen !== undefined) {
      this.#failedOpen.add(number);
      this.#surroundings.notices.add({ kind: 'route-failed-open', route: this.name, listen });
    }
  }
}

const limitsOf = ({ idleMs, maxFlows, replies, requests, identity }: RouteSettings): FlowMapping => ({
  ...{ idleMs, maxFlows, replies, requests, identity },
});

const activeOf = ({ health }: RouteSettings): ActiveHealth | undefined => (health === 'passive' ? undefined : health);

/** Why a route has no upstream for a flow: which names have no addresses says it first. */
function withoutUpstream(settings: readonly UpstreamSettings[]): number {
  const missing = settings.filter(({ addresses }) => addresses.length === 0);
  if (missing.length === 0) return DROP.noUpstream;
  return missing.every(({ isUnresolved }) => isUnresolved === true) ? DROP.unresolved : DROP.resolving;
}

/** Whether both have the same fields; bytes count as fields too. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
