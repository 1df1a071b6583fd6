/**
 * The parts of the client that run on any machine, even in memory. The simulation uses them; users
 * have the program.
 */
export { RelayClient, type RelayClientOptions } from './client.js';
export { type ForwardMapping } from './mapping/forward-format.js';
export { ServerSearch } from './server-search.js';
export type { ClientStatus } from './status.js';
