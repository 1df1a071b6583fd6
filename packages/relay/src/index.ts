// Flows.
export { AcceptedFlow, AcceptedFlows, type AcceptedFlowLimits, type AcceptedFlowPorts } from './flow/accepted-flows.js';
export { DatagramRun, type DatagramSender } from './batch/datagram-run.js';
export { DatagramWriter, type DatagramFlow } from './batch/datagram-writer.js';
export { type Side } from './flow/flow.js';
export { FlowFrames, type FlowsOfSession } from './flow/flow-frames.js';
export { Fragments, type FragmentLimits } from './flow/fragments.js';
export { IdleQueue, type Idler } from './flow/idle-queue.js';
export { OpenedFlow, OpenedFlows, type Entrance, type FlowMapping, type OpenedFlowPorts } from './flow/opened-flows.js';
export { PacketBatch, type BatchSender } from './batch/packet-batch.js';
export { ModeTraffic, Traffic, type TrafficFigures } from './traffic.js';
// Who may reach what.
export { TargetPolicy, type Allowance, type PortRange } from './policy/target-policy.js';
export { OwnEndpoints } from './policy/own-endpoints.js';
export { addressRange, type AddressBlock, type AddressRange } from './policy/address-range.js';
