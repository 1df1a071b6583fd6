/** One listening port of a forward: its socket, and the flows of the sources that send to it. */
import { EndpointMap, isUnspecifiedAddress, packEndpoint, PACKED_ENDPOINT_BYTES, type Endpoint } from '@relay/packet';
import type { Machine } from '@relay/program';
import type { Entrance, FlowMapping, OpenedFlow } from '@relay/relay';
import type { ReceiveBatch, UdpSocket } from '@relay/socket';

export class ForwardListener implements Entrance {
  readonly mapping: FlowMapping;
  readonly flowBySource = new EndpointMap<OpenedFlow>();
  readonly targetPort: number;
  readonly socket: UdpSocket;
  /**
   * Whether it listens on all addresses of this host; replies then leave from the one that was
   * asked.
   */
  readonly isWildcard: boolean;
  #target: Uint8Array | undefined;

  constructor(mapping: FlowMapping, listen: Endpoint, targetPort: number, openSocket: Machine['openSocket']) {
    this.mapping = mapping;
    this.targetPort = targetPort;
    this.isWildcard = isUnspecifiedAddress(listen.address);
    this.socket = openSocket({ local: listen, receiveLocals: this.isWildcard });
  }

  get target(): Uint8Array | undefined {
    return this.#target;
  }

  set onDatagrams(receive: (listener: ForwardListener, batch: ReceiveBatch) => void) {
    this.socket.onReceive = (batch) => receive(this, batch);
  }

  /**
   * Settles the address behind the target's name. Flows that are open keep the one that they began
   * with.
   */
  setTargetAddress(address: string): void {
    const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint({ address, port: this.targetPort }, packed, 0);
    this.#target = packed;
  }
}
