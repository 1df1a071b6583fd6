export { PERFECT_LINK, type LinkConditions } from './link.js';
export { MemoryClock, type ClockDrive } from './memory-clock.js';
export { MemoryHost, type HostOptions } from './memory-host.js';
export { MemoryNetwork, type MemoryNetworkOptions } from './memory-network.js';
export { MemoryNat, type NatOptions } from './nat.js';
export { Random } from './random.js';
