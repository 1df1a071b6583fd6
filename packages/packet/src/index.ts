// Packets with their endpoints.
export { UdpPacket, type UdpPacketInit, type UdpPacketRecord } from './udp-packet/udp-packet.js';
export {
  decodeUdpPacket,
  encodeUdpPacketHeader,
  MAX_PAYLOAD_BYTES,
  MAX_UDP_PACKET_HEADER_BYTES,
  NO_TIMESTAMP,
  TIMESTAMP_LIMIT_US,
  udpPacketHeaderBytes,
  UdpPacketFields,
} from './udp-packet/udp-packet-header.js';
export { PacketError } from './packet-error.js';

// Addresses and endpoints.
export { addressFamily, isGroupAddress, isUnspecifiedAddress, parseAddress } from './endpoint/address.js';
export {
  canonicalEndpoint,
  compareEndpoints,
  equalEndpoints,
  formatEndpoint,
  parseEndpoint,
  type Endpoint,
} from './endpoint/endpoint.js';
export {
  copyPackedEndpoint,
  equalPackedEndpoints,
  packedPort,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type PackedEndpoints,
} from './endpoint/packed-endpoint.js';
export { EndpointMap } from './endpoint/endpoint-map.js';
export { type DatagramBatch, type SendBatch } from './datagram-batch.js';

// Packets between client and server.
export {
  AEAD_TAG_BYTES,
  COOKIE_REPLY_BYTES,
  COUNTER_LIMIT,
  INITIATION_BYTES,
  MIN_TRANSPORT_BYTES,
  NOTICE_BYTES,
  PACKET,
  packetType,
  RESPONSE_BYTES,
  TRANSPORT_HEADER_BYTES,
  type PacketType,
} from './outer/packet-type.js';
export {
  decodeInitiation,
  encodeInitiation,
  encodeInitiationHeader,
  INITIATION_OFFSET,
  initiationSenderIndex,
  type HandshakeInitiation,
} from './outer/initiation.js';
export {
  decodeResponse,
  encodeResponse,
  encodeResponseHeader,
  RESPONSE_OFFSET,
  responseReceiverIndex,
  responseSenderIndex,
  type HandshakeResponse,
} from './outer/response.js';
export {
  COOKIE_REPLY_OFFSET,
  cookieReplyReceiverIndex,
  decodeCookieReply,
  encodeCookieReply,
  encodeCookieReplyHeader,
  type CookieReply,
} from './outer/cookie-reply.js';
export {
  encodeTransportHeader,
  TRANSPORT_OFFSET,
  transportCounter,
  transportReceiverIndex,
} from './outer/transport.js';
export {
  decodeNotice,
  encodeNotice,
  encodeNoticeContent,
  encodeNoticeHeader,
  NOTICE,
  NOTICE_CONTENT_BYTES,
  NOTICE_CONTENT_OFFSET,
  NOTICE_OFFSET,
  noticeKind,
  noticeReceiverIndex,
  type Notice,
} from './outer/notice.js';

// Frames.
export {
  encodeLastFrameHeader,
  encodeSizedFrameHeader,
  FIRST_SKIPPABLE_FRAME,
  FRAME,
  frameBodyOffset,
  frameType,
  LAST_FRAME_HEADER_BYTES,
  nextFrame,
  SIZE_BYTES,
  SIZED_FRAME_HEADER_BYTES,
  sizeFrame,
  type FrameType,
} from './frames/frame.js';
export {
  COMPACT_HEADER_BYTES,
  compactFlowId,
  compactPayloadOffset,
  encodeCompactHeader,
  FLOW_OPENED_BY_SERVER,
} from './frames/compact.js';
export {
  AddressedFields,
  addressedHeaderBytes,
  decodeAddressed,
  encodeAddressedHeader,
  MAX_ADDRESSED_HEADER_BYTES,
} from './frames/addressed.js';
export {
  decodeExtended,
  encodeExtendedHeader,
  extendedHeaderBytes,
  ExtendedFields,
  MAX_EXTENDED_HEADER_BYTES,
  NO_NUMBER,
  NO_TRAFFIC_CLASS,
  type ExtendedHeader,
} from './frames/extended.js';
export {
  decodeFragment,
  encodeFragmentHeader,
  fragmentCount,
  FragmentFields,
  fragmentStart,
  FRAGMENT_HEADER_BYTES,
  MAX_FRAGMENTED_BYTES,
  MAX_FRAGMENTS,
  type FragmentHeader,
} from './frames/fragment.js';
export { Reassembly, type ReassemblyOptions } from './frames/reassembly.js';
export {
  decodeFlowAcknowledge,
  decodeFlowClose,
  decodeFlowUnknown,
  encodeFlowAcknowledge,
  encodeFlowClose,
  encodeFlowUnknown,
  FLOW_CLOSE,
  FlowCloseFields,
  FlowFields,
} from './frames/flow.js';
export {
  decodeFlowSettings,
  encodeFlowSettings,
  FLOW_SETTING,
  FLOW_SETTING_BOUNDS,
  FlowSettings,
  MAX_FLOW_SETTINGS_BYTES,
} from './frames/flow-settings.js';
export { ANSWERS, OVERSIZE, REDUNDANCY, TRAFFIC_CLASS } from './frames/flow-values.js';
export { type IntegerBounds } from './frames/entries.js';
export {
  decodePing,
  decodePong,
  encodePing,
  encodePong,
  PING_TOKEN_BYTES,
  PingFields,
  PongFields,
  type Ping,
} from './frames/ping.js';
export { decodeReport, encodeReport, ReportFields } from './frames/report.js';
export {
  decodeParameters,
  encodeParameters,
  FRAME_LAYER_VERSION,
  PARAMETER,
  PARAMETER_BOUNDS,
  SessionParameters,
} from './frames/parameters.js';
export { FEATURE } from './frames/feature.js';
export { CLOSE, CloseFields, decodeClose, encodeClose } from './frames/close.js';
export {
  AnswerFields,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  REQUEST,
  RequestFields,
  STATUS,
  type Answer,
} from './frames/control.js';
export {
  decodeName,
  decodePublishedPorts,
  decodeResolvedName,
  encodeName,
  encodePublishedPorts,
  encodeResolvedName,
  MAX_RESOLVED_ADDRESSES,
  type PublishedPorts,
  type ResolvedName,
} from './frames/control-body.js';
export {
  decodeGoAway,
  encodeGoAway,
  GO_AWAY,
  MAX_GO_AWAY_BYTES,
  MAX_GO_AWAY_SERVERS,
  type GoAway,
  type ServerAddress,
} from './frames/go-away.js';
export { type AddressBlock } from './frames/address-block.js';
export {
  decodePublish,
  encodePublish,
  FIRST_SKIPPABLE_PUBLISH_ENTRY,
  MAX_PUBLISH_BYTES,
  PUBLISH_BOUNDS,
  PUBLISH_ENTRY,
  type PublishRequest,
  type ReceivedPublishRequest,
} from './frames/publish.js';
export { isPublishName } from './frames/publish-name.js';
export { decodeRefusedPort, encodeRefusedPort } from './frames/refused-port.js';
export { decodeFrames, type Frame } from './frames/frame-object.js';
export { encodeFrames, encodePadding } from './frames/encode-frames.js';

// PROXY protocol v2.
export {
  decodeProxyHeader,
  encodeLocalProxyHeader,
  encodeProxyHeader,
  hasProxyHeader,
  ProxyFields,
  proxyHeaderBytes,
  PROXY_IPV4_BYTES,
  PROXY_IPV6_BYTES,
} from './proxy-v2/proxy-header.js';
export { PROXY_TLV, type ProxyTlv } from './proxy-v2/proxy-tlv.js';
export { decodeProxiedDatagram, encodeProxiedDatagram, type ProxiedDatagram } from './proxy-v2/proxied-datagram.js';

// Simple Proxy Protocol.
export {
  decodeSimpleProxyHeader,
  encodeSimpleProxyHeader,
  SIMPLE_PROXY_BYTES,
} from './simple-proxy/simple-proxy-header.js';
export {
  decodeSimpleProxiedDatagram,
  encodeSimpleProxiedDatagram,
  type SimpleProxiedDatagram,
} from './simple-proxy/simple-proxied-datagram.js';

// Drops and statistics.
export { DROP_REASONS, DROP, dropCode, dropReasonOf, type DropReason } from './drop-reason.js';
export { DropCounters } from './drop-counters.js';
export {
  PacketStatistics,
  type OneWayDelay,
  type PacketStatisticsRecord,
  type SizeClass,
} from './packet-statistics.js';
