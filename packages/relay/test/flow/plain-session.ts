import { AEAD_TAG_BYTES, DROP, PACKED_ENDPOINT_BYTES, TRANSPORT_HEADER_BYTES } from '@relay/packet';
import { PACKED_PATH_BYTES } from '@relay/session';
import type { Session, SessionStatistics } from '@relay/session';

const TAG = 0xee;

/**
 * A session without encryption: its packets carry the session's number and their own, and so are
 * opened by the same session's other end, once. What the flow rules need of a channel, and no more.
 */
export class PlainSession implements Session {
  readonly id: number;
  readonly peerName = '';
  readonly peerPublicKey = new Uint8Array(32);
  readonly client = undefined;
  readonly isPathProven = true;
  readonly packedPath = new Uint8Array(PACKED_PATH_BYTES);
  readonly endpoint = this.packedPath.subarray(0, PACKED_ENDPOINT_BYTES);
  readonly observedEndpoint = undefined;
  readonly connectedMs = 0;
  isOpen = true;
  readonly isPathLost = false;
  readonly peerParameters = undefined;
  readonly maxFramesBytes: number;
  sealed = 0;
  readonly #emit: (packet: Uint8Array) => void;
  readonly #opened = new Set<number>();

  constructor(id: number, maxFramesBytes: number, emit: (packet: Uint8Array) => void) {
    this.id = id;
    this.maxFramesBytes = maxFramesBytes;
    this.#emit = emit;
  }

  get statistics(): SessionStatistics {
    throw new Error('it measures nothing');
  }

  seal(bytes: Uint8Array, offset: number, framesLength: number): number {
    if (!this.isOpen) return DROP.noSession;
    if (framesLength > this.maxFramesBytes) return DROP.tooLarge;
    const length = TRANSPORT_HEADER_BYTES + framesLength + AEAD_TAG_BYTES;
    if (offset + length > bytes.length) throw new RangeError('no room for the tag');
    const header = new DataView(bytes.buffer, bytes.byteOffset + offset, TRANSPORT_HEADER_BYTES);
    header.setUint32(0, this.id);
    header.setUint32(4, this.sealed++);
    bytes.fill(TAG, offset + length - AEAD_TAG_BYTES, offset + length);
    return length;
  }

  /**
   * Whether the packet is of this session, whole, and new here. Its frames lie between header and
   * tag.
   */
  opens(packet: Uint8Array): boolean {
    const header = new DataView(packet.buffer, packet.byteOffset, TRANSPORT_HEADER_BYTES);
    const counter = header.getUint32(4);
    const isNew = this.isOpen && header.getUint32(0) === this.id && !this.#opened.has(counter);
    if (isNew) this.#opened.add(counter);
    return isNew && packet.subarray(-AEAD_TAG_BYTES).every((byte) => byte === TAG);
  }

  sendFrames(bytes: Uint8Array, offset: number, length: number): number {
    const packet = new Uint8Array(TRANSPORT_HEADER_BYTES + length + AEAD_TAG_BYTES);
    packet.set(bytes.subarray(offset, offset + length), TRANSPORT_HEADER_BYTES);
    const sealed = this.seal(packet, 0, length);
    if (sealed > 0) this.#emit(packet);
    return sealed;
  }

  request(): number {
    throw new Error('it asks nothing');
  }

  answer(): number {
    throw new Error('it answers nothing');
  }

  ping(): void {
    throw new Error('it measures nothing');
  }
}
