// A program's sessions and flows as one unit.
export { Shard } from './shard.js';
export { type ShardOptions } from './shard-options.js';
export {
  type ClientRequest,
  type FlowStatus,
  type SessionFacts,
  type SessionStatus,
  type ShardEvent,
  type ShardFigures,
} from './shard-data.js';
export { ClientShard, type ClientEvent, type ClientShardOptions } from './client-shard.js';
export { type ProvenAddress } from './waking.js';
export {
  KnownClients,
  type ClientsChange,
  type KnownClient,
  type LeavingClient,
  type NewestTimestamp,
} from './known-clients.js';
// Flows and their ends.
export { Flow, type Admit, type End, type Opening } from './flow/flow.js';
export { FlowGroup, type FlowMapping } from './flow/flow-group.js';
export { FlowTable, type TableLimits } from './flow/flow-table.js';
export { IdleQueue, type Idler } from './flow/idle-queue.js';
export { type Side } from './flow/flow-ids.js';
export { Listener, ListenerPort, type ListenerParts } from './ends/listener.js';
export { PublicPort } from './ends/public-port.js';
export { Routes } from './routes/routes.js';
export { Route } from './routes/route.js';
export {
  type DownReason,
  type RouteNotice,
  type RouteSettings,
  type RouteStatus,
  type UpstreamSettings,
  type UpstreamStatus,
} from './routes/route-data.js';
export { type ActiveHealth } from './routes/active-check.js';
export { BALANCES, newBalance, type BalanceName } from './balance/balance.js';
export { type Balance, type Candidate } from './balance/candidate.js';
export { type HashBy } from './balance/by-hash.js';
export { Service, Services } from './services.js';
export { Tunnel, type FlowFrame, type TunnelOptions } from './ends/tunnel.js';
export { type TunnelSession } from './ends/tunnel-link.js';
export { Upstreams, type UpstreamsOptions } from './ends/upstream.js';
export { type TargetWatch, type UpstreamOwner, type UpstreamService } from './ends/upstream-end.js';
export { type SharedSocket, type SocketSharing } from './ends/shared-socket.js';
export { type TargetSocket } from './ends/target-socket.js';
export { IDENTITIES, type Identity } from './flow/identity.js';
export { Fragments, type FragmentLimits } from './ends/fragments.js';
export { Notices, type FlowNotice } from './notices.js';
// Batches.
export { Datagram } from './datagram.js';
export { DatagramRun, type DatagramExit, type DatagramSender } from './batch/datagram-run.js';
export { DatagramWriter, type DatagramHeading, type SealingSession } from './batch/datagram-writer.js';
export { PacketBatch, type BatchSender } from './batch/packet-batch.js';
export { Accounts, ModeTraffic, Traffic, type ModeFigures, type TrafficFigures } from './traffic.js';
// The rules of the modes, and the targets that a client may reach.
export { admitFromListener, admitFromTunnel, type ForwardRights } from './modes/forward.js';
export {
  admitFromServer,
  admitVisitor,
  type PublishedService,
  type PublishedServices,
  type WayToClient,
} from './modes/publish.js';
export { blindSpotOf, TargetPolicy, type Allowance, type PortRange } from './policy/target-policy.js';
export { Visitors, type VisitorRules } from './policy/visitors.js';
export { OwnEndpoints } from './policy/own-endpoints.js';
export { addressRange, type AddressBlock, type AddressRange } from './policy/address-range.js';
