import { formatBytes } from '@relay/terminal';
import type { Health } from './health.js';

/** Formats the health of the process as one line. */
export function healthLine({ cpu, eventLoopDelayMs, eventLoopUtilization, memoryBytes }: Health): string {
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
  return `cpu ${percent(cpu)}   event loop ${percent(eventLoopUtilization)} busy, ${eventLoopDelayMs.toFixed(1)} ms late (p99)   memory ${formatBytes(memoryBytes)}`;
}
