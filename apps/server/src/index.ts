/**
 * The parts of the server that run on any machine, in memory too: for the simulation. Users have
 * the program.
 */
export { RelayServer, type RelayServerOptions } from './server.js';
export type { FlowStatus, SessionStatus } from '@relay/relay';
export type { ServerStatus } from './status.js';
