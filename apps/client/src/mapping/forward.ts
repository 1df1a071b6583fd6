import { formatEndpoint, parseAddress } from '@relay/packet';
import { listenFailure, type Machine } from '@relay/program';
import type { FlowMapping } from '@relay/relay';
import { ForwardListener } from './forward-listener.js';
import { portCount, type ForwardMapping } from './mapping-format.js';

/** A forward that runs: local ports, the target's name and ports, and their flows. */
export class Forward implements FlowMapping {
  readonly idleMs: number;
  readonly maxFlows: number;
  readonly targetHost: string;
  flowCount = 0;
  readonly listeners: readonly ForwardListener[];
  readonly #targetPorts: string;

  constructor(mapping: ForwardMapping, openSocket: Machine['openSocket']) {
    const { target, listen = { address: '127.0.0.1', first: target.first, last: target.last } } = mapping;
    this.idleMs = mapping.idle;
    this.maxFlows = mapping.maxFlows;
    this.targetHost = target.host;
    this.#targetPorts = portText(target.first, target.last);
    this.listeners = Array.from({ length: portCount(listen) }, (_, i) => {
      const local = { address: listen.address, port: listen.first + i };
      return new ForwardListener(this, local, target.first + i, openSocket);
    });
    const literal = parseAddress(target.host);
    if (literal !== undefined) this.setTargetAddress(literal);
  }

  /** Whether it is known where the target is. */
  get isResolved(): boolean {
    return this.listeners.every(({ target }) => target !== undefined);
  }

  /** `127.0.0.1:5353 -> 1.1.1.1:53`, with the real ports once it is open. */
  get description(): string {
    const locals = this.listeners.map(({ socket }) => socket.local);
    const [first] = locals;
    if (first === undefined) return '';
    const listen = `${formatEndpoint(first)}${locals.length > 1 ? `-${locals.at(-1)?.port ?? ''}` : ''}`;
    const host = this.targetHost.includes(':') ? `[${this.targetHost}]` : this.targetHost;
    return `${listen} -> ${host}:${this.#targetPorts}`;
  }

  setTargetAddress(address: string): void {
    for (const listener of this.listeners) listener.setTargetAddress(address);
  }

  /** Binds all ports. Rejects with a ProgramFailure that names the port that could not be had. */
  async open(): Promise<void> {
    for (const { socket } of this.listeners) {
      await socket.open().catch((error: unknown) => {
        throw listenFailure(socket.local, error);
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.listeners.map(({ socket }) => socket.close()));
  }
}

const portText = (first: number, last: number): string => (first === last ? `${first}` : `${first}-${last}`);
