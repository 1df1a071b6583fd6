import type { BenchmarkCase } from '../case.js';
import { compactCases } from './compact.js';
import { udpPacketCases } from './udp-packet.js';

export const cases: readonly BenchmarkCase[] = [...compactCases, ...udpPacketCases];
