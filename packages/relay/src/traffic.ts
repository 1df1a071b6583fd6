import { DROP, DropCounters } from '@relay/packet';

/**
 * Datagrams of one direction. Each that came in went out or was dropped for a counted reason, so
 * that `inDatagrams` equals `outDatagrams + drops.total` whenever nothing is under way. Bytes are
 * payload bytes.
 */
export class Traffic {
  /** By which a socket's error names this account; see {@link Accounts}. 0: none does. */
  readonly tag: number;
  inDatagrams = 0;
  inBytes = 0;
  outDatagrams = 0;
  outBytes = 0;
  readonly drops = new DropCounters();

  constructor(tag = 0) {
    this.tag = tag;
  }

  received(bytes: number): void {
    this.inDatagrams++;
    this.inBytes += bytes;
  }

  sent(bytes: number): void {
    this.outDatagrams++;
    this.outBytes += bytes;
  }

  /** Counts a drop by its code (< 0). */
  dropped(code: number): void {
    this.drops.count(code);
  }

  /** Counts datagrams that had come to this host, and that the kernel dropped. */
  lostInKernel(datagrams: number): void {
    this.inDatagrams += datagrams;
    this.drops.count(DROP.kernelBufferFull, datagrams);
  }

  /**
   * Turns datagrams that were counted as sent into drops: the socket had taken them and could not
   * send them after all.
   */
  unsent(datagrams: number, code: number): void {
    this.outDatagrams -= datagrams;
    this.drops.count(code, datagrams);
  }

  toJSON(): TrafficFigures {
    const { inDatagrams, inBytes, outDatagrams, outBytes, drops } = this;
    return { inDatagrams, inBytes, outDatagrams, outBytes, drops: drops.toJSON() };
  }
}

/** The counts of a {@link Traffic}. */
export interface TrafficFigures {
  readonly inDatagrams: number;
  readonly inBytes: number;
  readonly outDatagrams: number;
  readonly outBytes: number;
  readonly drops: ReturnType<DropCounters['toJSON']>;
}

/** The counts of a {@link ModeTraffic}. */
export interface ModeFigures {
  readonly toTarget: TrafficFigures;
  readonly fromTarget: TrafficFigures;
}

/**
 * Both directions of a mode. The target lies beyond the server in forward mode, beside the client
 * in publish mode, and is an upstream in route mode.
 */
export class ModeTraffic {
  readonly toTarget: Traffic;
  readonly fromTarget: Traffic;

  /** Errors name the directions by `firstTag` and `firstTag + 1`; 0: neither. */
  constructor(firstTag = 0) {
    this.toTarget = new Traffic(firstTag);
    this.fromTarget = new Traffic(firstTag === 0 ? 0 : firstTag + 1);
  }

  toJSON(): ModeFigures {
    return { toTarget: this.toTarget.toJSON(), fromTarget: this.fromTarget.toJSON() };
  }
}

/**
 * All that a program carries, by mode, and by the tag under which it gives datagrams to sockets: a
 * datagram that the kernel refuses after it was counted as sent is taken back where it was counted.
 */
export class Accounts {
  readonly forward = new ModeTraffic(1);
  readonly publish = new ModeTraffic(3);
  readonly route = new ModeTraffic(5);
  readonly #byTag = [this.forward, this.publish, this.route].flatMap(({ toTarget, fromTarget }) => [
    toTarget,
    fromTarget,
  ]);

  /** The socket has taken datagrams with this tag and could not send them, for this drop code. */
  unsent(tag: number, datagrams: number, code: number): void {
    if (datagrams > 0) this.#byTag[tag - 1]?.unsent(datagrams, code);
  }
}
