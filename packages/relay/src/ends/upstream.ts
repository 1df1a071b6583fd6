/** The end where targets are reached: through a socket of the flow's own, or a shared one. */
import {
  DROP,
  FLOW_CLOSE,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type DatagramBatch,
  type Endpoint,
} from '@relay/packet';
import type { SocketError, SocketErrorCode, SocketOptions } from '@relay/socket';
import type { DatagramRun } from '../batch/datagram-run.js';
import { PrefixedDatagrams } from '../batch/prefixed-datagrams.js';
import { Datagram } from '../datagram.js';
import type { End } from '../flow/flow.js';
import type { Notices } from '../notices.js';
import { isSameAddress, type OwnHost } from '../policy/own-host.js';
import type { Accounts } from '../traffic.js';
import { codeOf, isAboutTarget } from './about-targets.js';
import { Loops } from './loops.js';
import { isIpv4Target, SharedSocket, type SocketSharing } from './shared-socket.js';
import type { TargetSocket } from './target-socket.js';
import { UpstreamEnd, type UpstreamKeeper, type UpstreamOwner, type UpstreamService } from './upstream-end.js';

/** The parts of {@link Upstreams}. */
export interface UpstreamsOptions {
  /** A socket in the state `created`; may throw a SocketError. */
  readonly openSocket: (options: SocketOptions) => TargetSocket;
  readonly socket: Pick<SocketOptions, 'engine' | 'pathMtuDiscovery' | 'receiveBufferBytes' | 'sendBufferBytes'>;
  /** A steady clock, ms. */
  readonly clock: () => number;
  /** Gathers the datagrams to targets. */
  readonly run: DatagramRun;
  readonly accounts: Accounts;
  readonly notices: Notices;
  /** Called after something has come from a target, or failed there, outside of any other call. */
  readonly settleSoon: () => void;
  /**
   * Calls `run` once, after all sockets that are ready now have delivered. Absent: all sockets are
   * opened at once.
   */
  readonly soon?: (run: () => void) => void;
  /** Called where there was no file descriptor for a socket. */
  readonly ranOut: () => void;
  /** Whether descriptors are short: no socket opens, since the last ones serve other work. */
  readonly isShort?: () => boolean;
  /** Says which targets are at this host, for owners who may not reach all of it. */
  readonly ownHost?: OwnHost;
}

/** Sockets are opened for this long before others have their turn, ms. */
const OPENING_MS = 1;

/** A socket that many flows share has room for bursts of several. */
const BUSY_FLOWS = 8;

const buffersForMany = ({ receiveBufferBytes, sendBufferBytes }: UpstreamsOptions['socket']) => ({
  ...(receiveBufferBytes !== undefined && { receiveBufferBytes: receiveBufferBytes * BUSY_FLOWS }),
  ...(sendBufferBytes !== undefined && { sendBufferBytes: sendBufferBytes * BUSY_FLOWS }),
});

/** All sockets to targets of one shard. */
export class Upstreams implements UpstreamKeeper {
  readonly #options: UpstreamsOptions;
  /** Ends that wait for their sockets, by owner, in the order of their turns. */
  readonly #admitted = new Map<UpstreamOwner, UpstreamEnd[]>();
  #isOpeningLater = false;
  readonly #closing = new Set<Promise<void>>();
  /** Ends of flows that have ended, whose last datagrams wait for a socket. */
  readonly #finishing = new Set<UpstreamEnd>();
  readonly #loops = new Loops();
  readonly #datagram = new Datagram();
  readonly #prefixed: PrefixedDatagrams;
  readonly #errors = new Map<SocketErrorCode, number>();
  #count = 0;
  #sockets = 0;
  /** dgram says of an unconnected socket neither who cannot be reached nor why. */
  #mayShare = true;

  constructor(options: UpstreamsOptions) {
    this.#options = options;
    this.#prefixed = new PrefixedDatagrams(options.run);
  }

  /** Flows that have a socket, or are to have one. */
  get count(): number {
    return this.#count;
  }

  /** What networks and hosts said of targets that could not be reached: how often, by code. */
  get networkErrors(): Readonly<Partial<Record<SocketErrorCode, number>>> {
    return Object.fromEntries(this.#errors);
  }

  /** Sockets of flows, their own and those that they share. */
  get sockets(): number {
    return this.#sockets;
  }

  /** Sockets of flows that have ended, which are open yet. */
  get closing(): number {
    return this.#closing.size;
  }

  /**
   * The end for a flow of this owner, if that opens; {@link openAdmitted} opens its socket. It
   * leads to the target of the flow, or to a service.
   */
  newEnd(owner: UpstreamOwner, service?: UpstreamService): End {
    return new UpstreamEnd({ upstreams: this, owner, run: this.#options.run, prefixed: this.#prefixed }, service);
  }

  /**
   * Whether the packed endpoint is at this host, where this owner may not go; undefined: the kernel
   * does not say.
   */
  isForbidden(owner: UpstreamOwner, target: Uint8Array): boolean | undefined {
    return owner.mayReachHere?.(target) === false ? this.#options.ownHost?.isHere(target) : false;
  }

  /**
   * Opens the sockets of the flows that were let in: one for each owner in turns, and after a while
   * the rest a little later, so that the flows of one hold up nobody else.
   */
  openAdmitted(): void {
    const { clock, soon } = this.#options;
    if (this.#admitted.size === 0 || this.#isOpeningLater) return;
    const endMs = soon === undefined ? Infinity : clock() + OPENING_MS;
    while (this.#openNext()) {
      if (endMs !== Infinity && this.#admitted.size > 0 && clock() >= endMs) break;
    }
    if (this.#admitted.size === 0) return;
    this.#isOpeningLater = true;
    soon?.(() => {
      this.#isOpeningLater = false;
      this.openAdmitted();
    });
  }

  /** Resolves when the sockets of all ended flows are closed. */
  async closed(): Promise<void> {
    for (const end of this.#finishing) {
      end.dropWaiting(DROP.unknownFlow);
      end.leave();
    }
    await Promise.all(this.#closing);
  }

  // Called by ends.

  admitted(end: UpstreamEnd): void {
    this.#count++;
    const admitted = this.#admitted.get(end.owner);
    if (admitted === undefined) this.#admitted.set(end.owner, [end]);
    else admitted.push(end);
  }

  /** The flow of the end is over. */
  release(end: UpstreamEnd, socket: TargetSocket | undefined): void {
    const { owner } = end;
    this.#count--;
    this.#loops.closed(end);
    if (socket === undefined) return;
    if (owner.sharing !== undefined) owner.sharing.own--;
    this.#close(socket);
  }

  /** The flow of the end has ended, but its last datagrams wait for a socket; or no more. */
  setFinishing(end: UpstreamEnd, isFinishing: boolean): void {
    if (isFinishing) this.#finishing.add(end);
    else this.#finishing.delete(end);
  }

  /** The flow of the end to this target is over, which has shared a socket. */
  leave({ owner }: UpstreamEnd, shared: SharedSocket<UpstreamEnd>, target: Uint8Array): void {
    this.#count--;
    shared.remove(target, this.#options.clock());
    if (shared.count > 0) return;
    owner.sharing?.remove(shared);
    this.#close(shared.socket);
  }

  // Called by sockets.

  #close(socket: TargetSocket): void {
    this.#sockets--;
    this.#options.run.flush(); // its last datagrams may still be in there
    // Nothing is left to do for a socket that cannot be closed.
    const closed = socket.close().catch(() => undefined);
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }

  /** Opens one socket, for the owner whose turn it is. Returns whether there was one to open. */
  #openNext(): boolean {
    for (const [owner, ends] of this.#admitted) {
      const end = ends.shift();
      this.#admitted.delete(owner);
      if (ends.length > 0) this.#admitted.set(owner, ends);
      if (end !== undefined) this.#open(end);
      return true;
    }
    return false;
  }

  #open(end: UpstreamEnd): void {
    const { target, owner, flow } = end;
    if (target === undefined) return; // it ended within the same batch
    if (flow !== undefined && this.#loops.isLoop(end, flow.source)) return this.#refuseLoop(end, target);
    if (this.#options.isShort?.() === true) return this.#refuse(end, 'too-many-open-files');
    const isHere = this.isForbidden(owner, target);
    if (isHere === true) return this.#forbid(end);
    // What the kernel does not say is seen by a socket that is connected to the target.
    const sharing =
      isHere === false && this.#mayShare && owner.sharing?.isDue(target) === true ? owner.sharing : undefined;
    try {
      const shared = sharing && this.#sharedFor(target, owner, sharing);
      if (shared === undefined) return this.#openOwn(end, target, isHere === undefined);
      shared.add(end, target);
      end.share(shared, target);
      if (shared.isOpen) end.opened();
    } catch (error) {
      this.#notOpened(end, error);
    }
  }

  /** Undefined where the flow must have a socket of its own. */
  #sharedFor(
    target: Uint8Array,
    owner: UpstreamOwner,
    sharing: SocketSharing<UpstreamEnd>,
  ): SharedSocket<UpstreamEnd> | undefined {
    const { openSocket, socket: settings, clock } = this.#options;
    const present = sharing.find(target, clock());
    const isIpv4 = isIpv4Target(target);
    if (present !== undefined || !sharing.hasRoom(isIpv4)) return present;
    const local = { address: isIpv4 ? '0.0.0.0' : '::', port: 0 };
    const socket = openSocket({ ...settings, ...buffersForMany(settings), local, dualStack: false });
    const shared = new SharedSocket<UpstreamEnd>(socket, isIpv4);
    sharing.add(shared);
    this.#sockets++;
    socket.onReceive = (batch) => this.#receiveShared(shared, owner, batch);
    socket.onKernelDrops = (datagrams) => this.#options.accounts.forward.fromTarget.lostInKernel(datagrams);
    socket.onError = (error, destination, tag) =>
      this.#failed(destination && shared.findFailed(destination), error, tag);
    const opened = (): void => {
      shared.isOpen = true;
      for (const end of shared.ends()) end.opened();
      this.#options.run.flush();
    };
    const notOpened = (error: unknown): void => {
      for (const end of shared.ends()) this.#notOpened(end, error); // the last to leave removes it
    };
    socket
      .open()
      .then(opened, notOpened)
      .catch((error: unknown) => owner.fault(error, clock()));
    if (socket.state === 'open') shared.isOpen = true;
    return shared;
  }

  /** `mayBeHere`: the target may be at this host, where its owner may not reach it. */
  #openOwn(end: UpstreamEnd, target: Uint8Array, mayBeHere: boolean): void {
    const { openSocket, socket: settings, clock } = this.#options;
    try {
      const socket = openSocket({ ...settings, remote: unpackEndpoint(target, 0) });
      this.#sockets++;
      this.#mayShare = socket.engine !== 'dgram';
      socket.onReceive = (batch) => this.#receive(end, batch);
      const fromTarget = end.flow?.fromTarget;
      socket.onKernelDrops = (datagrams) => fromTarget?.lostInKernel(datagrams);
      socket.onError = (error, _destination, tag) => this.#failed(end, error, tag);
      end.use(socket);
      socket
        .open()
        .then(
          () => this.#opened(end, socket, mayBeHere),
          (error: unknown) => this.#notOpened(end, error),
        )
        .catch((error: unknown) => end.owner.fault(error, clock()));
      // An engine that opens within the call need not be waited for.
      if (socket.state === 'open') this.#opened(end, socket, mayBeHere);
    } catch (error) {
      this.#notOpened(end, error);
    }
  }

  #opened(end: UpstreamEnd, socket: TargetSocket, mayBeHere: boolean): void {
    if (end.target === undefined) return; // it ended while its socket was opened
    if (mayBeHere && isAt(socket.local, end.target)) return this.#forbid(end);
    this.#loops.bound(end, socket.local);
    end.opened();
    this.#options.run.flush();
  }

  #refuseLoop(end: UpstreamEnd, target: Uint8Array): void {
    this.#options.notices.add({ kind: 'loop', target, client: end.owner.name });
    this.#deny(end, DROP.loop);
  }

  /** The target of the flow is at this host, and its owner may not go there. */
  #forbid(end: UpstreamEnd): void {
    this.#deny(end, DROP.deniedByPolicy);
  }

  #deny(end: UpstreamEnd, code: number): void {
    end.dropWaiting(code);
    end.leave();
    end.flow?.end(FLOW_CLOSE.denied, this.#options.clock());
    this.#options.settleSoon();
  }

  #receive({ flow, owner, watch, introduction }: UpstreamEnd, batch: DatagramBatch): void {
    const nowMs = this.#options.clock();
    const datagram = this.#datagram;
    try {
      watch?.answered();
      for (let i = 0; i < batch.count; i++) {
        datagram.showOf(batch, i);
        introduction?.answered(datagram);
        flow?.toSource(datagram, nowMs);
      }
    } catch (error) {
      owner.fault(error, nowMs);
    }
    this.#options.run.flush(); // before the batch is used again
    this.#options.settleSoon();
  }

  /** A reply finds its flow by its source. */
  #receiveShared(shared: SharedSocket<UpstreamEnd>, owner: UpstreamOwner, batch: DatagramBatch): void {
    const nowMs = this.#options.clock();
    const { fromTarget } = this.#options.accounts.forward;
    const datagram = this.#datagram;
    try {
      for (let i = 0; i < batch.count; i++) {
        const place = shared.find(batch.sources, i * PACKED_ENDPOINT_BYTES);
        datagram.showOf(batch, i);
        if (place?.end?.flow !== undefined) place.end.flow.toSource(datagram, nowMs);
        else {
          fromTarget.received(datagram.length);
          fromTarget.dropped(place === undefined ? DROP.unexpectedSource : DROP.unknownFlow);
        }
      }
    } catch (error) {
      owner.fault(error, nowMs);
    }
    this.#options.run.flush(); // before the batch is used again
    this.#options.settleSoon();
  }

  /**
   * A datagram could not be sent, or the network says that the target cannot be reached. The latter
   * is a hint: anybody can forge it, and it often passes (RFC 1122 §4.2.3.9, RFC 5461). The flow
   * keeps its socket, so that the target goes on to hear the source from the same port.
   */
  #failed(end: UpstreamEnd | undefined, { code, operation, datagrams }: SocketError, tag: number): void {
    this.#options.accounts.unsent(tag, datagrams, DROP.sendFailed);
    if (operation === 'icmp') this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    if (end !== undefined) this.#notice(end, code);
    if (code === 'connection-refused') end?.flow?.targetUnreachable(this.#options.clock());
    this.#options.settleSoon();
  }

  #notOpened(end: UpstreamEnd, cause: unknown): void {
    if (end.target !== undefined) this.#refuse(end, codeOf(cause)); // else it ended before
  }

  /** There is no socket for the flow. */
  #refuse(end: UpstreamEnd, code: SocketErrorCode): void {
    if (code === 'too-many-open-files') this.#options.ranOut();
    const isTarget = isAboutTarget(code);
    end.dropWaiting(isTarget ? DROP.unreachable : DROP.overloaded);
    this.#notice(end, code);
    end.leave();
    end.flow?.end(isTarget ? FLOW_CLOSE.unreachable : FLOW_CLOSE.overloaded, this.#options.clock());
    this.#options.settleSoon();
  }

  #notice({ flow, target, owner, watch }: UpstreamEnd, reason: SocketErrorCode): void {
    if (target === undefined) return;
    if (watch !== undefined && isAboutTarget(reason)) {
      const nowMs = this.#options.clock();
      if (watch.failed(reason, nowMs)) flow?.end(FLOW_CLOSE.unreachable, nowMs);
    } else this.#options.notices.add({ kind: 'target-failed', target, client: owner.name, reason });
  }
}

function isAt(local: Endpoint, target: Uint8Array): boolean {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(local, packed, 0);
  return isSameAddress(packed, target);
}
