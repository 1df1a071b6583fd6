/**
 * The parts of the client that run on any machine, even in memory. The simulation uses them; users
 * have the program.
 */
export { RelayClient, type RelayClientOptions } from './client.js';
export { type ForwardMapping } from './mapping/forward-format.js';
export { type Publish } from './mapping/publish.js';
export { type PublishMapping } from './mapping/publish-format.js';
export { type WantedMappings } from './mapping/wanted-mappings.js';
export { ServerSearch } from './server-search.js';
export type { ClientStatus } from './status.js';
