export { DROP_REASONS, dropCode, dropReasonOf, type DropReason } from './drop-reason.js';
export { DropCounters } from './drop-counters.js';
export { addressFamily, parseAddress } from './endpoint/address.js';
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
} from './endpoint/packed-endpoint.js';
export { EndpointMap } from './endpoint/endpoint-map.js';
