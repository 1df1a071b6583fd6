import { formatDuration, table } from '@relay/terminal';
import type { FlowStatus } from '../status.js';

export function flowLines(flows: readonly FlowStatus[]): string[] {
  if (flows.length === 0) return ['no flows'];
  const rows = flows.map(({ source, target, idleMs }) => [source, target, formatDuration(idleMs)]);
  return table([['source', 'target', 'idle for'], ...rows], { align: ['left', 'left', 'right'] });
}
