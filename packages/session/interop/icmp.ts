/**
 * An ICMP echo request (RFC 792) in an IPv4 packet (RFC 791), which the kernel behind the tunnel
 * answers.
 */
export function echoRequest(source: string, destination: string, sequence: number): Uint8Array {
  const bytes = new Uint8Array(20 + 8 + 4);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, bytes.length);
  view.setUint8(8, 64);
  view.setUint8(9, 1);
  bytes.set(source.split('.').map(Number), 12);
  bytes.set(destination.split('.').map(Number), 16);
  view.setUint16(10, checksum(bytes.subarray(0, 20)));
  view.setUint8(20, 8);
  view.setUint16(26, sequence);
  view.setUint16(22, checksum(bytes.subarray(20)));
  return bytes;
}

/** The sequence number of an ICMP echo reply; undefined if the IPv4 packet is something else. */
export function echoReplySequence(packet: Uint8Array): number | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const isReply = packet.length >= 28 && view.getUint8(0) === 0x45 && view.getUint8(9) === 1 && view.getUint8(20) === 0;
  return isReply ? view.getUint16(26) : undefined;
}

/** RFC 1071; the bytes must be even in number. */
function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += view.getUint16(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
