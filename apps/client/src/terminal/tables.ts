/** Formats lists of the client as tables. */
import { formatDuration, table } from '@relay/terminal';
import type { FlowStatus, MappingStatus } from '../status.js';

/** A row for each flow. */
export function flowLines(flows: readonly FlowStatus[]): string[] {
  if (flows.length === 0) return ['no flows'];
  const rows = flows.map(({ source, target, idleMs }) => [source, target, formatDuration(idleMs)]);
  return table([['source', 'target', 'idle for'], ...rows], { align: ['left', 'left', 'right'] });
}

/** A row for each mapping. */
export function mappingLines(mappings: readonly MappingStatus[]): string[] {
  const rows = mappings.map(({ mode, mapping, flows, maxFlows, idleMs, isResolved }) => [
    `${mode} ${mapping}`,
    isResolved ? `${flows}` : 'name not resolved',
    `${maxFlows}`,
    formatDuration(idleMs),
  ]);
  return table([['mapping', 'flows', 'at most', 'idle after'], ...rows], {
    align: ['left', 'right', 'right', 'right'],
  });
}
