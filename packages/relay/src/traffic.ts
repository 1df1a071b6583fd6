import { DropCounters } from '@relay/packet';

/**
 * Datagrams of one direction: what came in went out or was dropped for a counted reason, so that
 * `inDatagrams` equals `outDatagrams + drops.total` whenever nothing is under way. Bytes are
 * payload bytes.
 */
export class Traffic {
  inDatagrams = 0;
  inBytes = 0;
  outDatagrams = 0;
  outBytes = 0;
  readonly drops = new DropCounters();

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

export interface TrafficFigures {
  readonly inDatagrams: number;
  readonly inBytes: number;
  readonly outDatagrams: number;
  readonly outBytes: number;
  readonly drops: ReturnType<DropCounters['toJSON']>;
}

/**
 * Both directions of a mode. The target is who is reached: in forward mode beyond the server, in
 * publish mode beside the client.
 */
export class ModeTraffic {
  readonly toTarget = new Traffic();
  readonly fromTarget = new Traffic();
}
