import type { IdleQueue, Idler } from '../flow/idle-queue.js';
import type { ActiveHealth } from './active-check.js';
import { HealthCheck, type HealthCheckOptions } from './health-check.js';
import type { DownReason } from './route-data.js';
import { TargetHealth } from './target-health.js';

/** Takes a change of a port: the reason why it is down; undefined: it is up again. */
export type PortChanged = (port: UpstreamPort, reason: DownReason | undefined) => void;

/** One port of an upstream's address: its health, by what flows and checks tell, with deadlines. */
export class UpstreamPort implements Idler {
  readonly target: Uint8Array;
  /** Which port of its route leads here, from 0. */
  readonly number: number;
  readonly health = new TargetHealth();
  /** The deadline of its silence: the queue calls {@link expire} then. */
  lastActivityMs = Infinity;
  readonly idleMs = 0;
  readonly #idle: IdleQueue;
  readonly #changed: PortChanged;
  #isWatched = false;
  #hasLeft = false;
  #check: HealthCheck | undefined;

  /** `target`: packed endpoint. */
  constructor(target: Uint8Array, number: number, idle: IdleQueue, changed: PortChanged) {
    this.target = target;
    this.number = number;
    this.#idle = idle;
    this.#changed = changed;
  }

  /** Asks the port from now on whether it is up, or leaves it to the flows to tell. */
  checkBy(health: ActiveHealth | undefined, options: Omit<HealthCheckOptions, 'found'>, nowMs: number): void {
    this.#check?.close();
    this.health.isChecked = health !== undefined;
    const found: HealthCheckOptions['found'] = (result, foundMs) => this.#found(result, foundMs);
    this.#check = health && new HealthCheck(this.target, health, { ...options, found }, nowMs);
  }

  /** A flow asks; see {@link TargetHealth.asked}. */
  asked(round: number, nowMs: number): number {
    const present = this.health.asked(round, nowMs);
    if (this.health.silentAtMs !== Infinity && !this.#isWatched) this.#watch();
    return present;
  }

  answered(): void {
    if (this.health.answered()) this.#tell(undefined);
  }

  failed(reason: DownReason, nowMs: number): void {
    this.#check?.startOver();
    if (this.health.failed(nowMs)) this.#tell(reason);
  }

  /** It has been silent for long, unless it has answered in the time between. */
  expire(nowMs: number): void {
    this.#isWatched = false;
    if (this.health.fallsSilent(nowMs)) this.#tell('silent');
    else if (this.health.silentAtMs !== Infinity) this.#watch();
  }

  /** Its upstream has left the route: nothing is watched or told any more. */
  leave(): void {
    this.#hasLeft = true;
    this.#idle.remove(this);
    this.#check?.close();
    this.#check = undefined;
  }

  #found(result: 'up' | 'down', nowMs: number): void {
    if (result === 'down') {
      if (this.health.failed(nowMs)) this.#tell('check-failed');
    } else if (this.health.recovered()) this.#tell(undefined);
  }

  #watch(): void {
    if (this.#hasLeft) return;
    this.#isWatched = true;
    this.lastActivityMs = this.health.silentAtMs;
    this.#idle.add(this);
  }

  #tell(reason: DownReason | undefined): void {
    if (!this.#hasLeft) this.#changed(this, reason);
  }
}
