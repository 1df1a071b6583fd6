/**
 * The parts of the server that run on any machine, in memory too: for the simulation. Users have
 * the program.
 */
export { RelayServer, type RelayServerOptions } from './server.js';
export { Client, type Clients } from './state/client.js';
export { type TargetNotice } from './relay/forwarding.js';
export type { FlowStatus, ServerStatus, SessionStatus } from './status.js';
