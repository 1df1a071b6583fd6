/** Formats lists of the client as tables. */
import { formatDuration, table } from '@relay/terminal';
import type { FlowStatus, ForwardStatus, MappingStatus, PublishStatus } from '../status.js';

/** A row for each flow. */
export function flowLines(flows: readonly FlowStatus[]): string[] {
  if (flows.length === 0) return ['no flows'];
  const rows = flows.map(({ mode, source, target, idleMs }) => [mode, source, target, formatDuration(idleMs)]);
  return table([['mode', 'source', 'target', 'idle for'], ...rows], { align: ['left', 'left', 'left', 'right'] });
}

/** A row for each mapping. */
export function mappingLines(mappings: readonly MappingStatus[]): string[] {
  const rows = mappings.map((mapping) => [
    ...mappingCells(mapping),
    `${mapping.maxFlows}`,
    mapping.idleMs === null ? 'never' : formatDuration(mapping.idleMs),
  ]);
  return table([['mapping', 'flows', 'at most', 'idle after'], ...rows], {
    align: ['left', 'right', 'right', 'right'],
  });
}

/** The name of a mapping and its endpoints, and its flows, or why there can be none now. */
export function mappingCells(mapping: Labelled): [string, string] {
  const { mode, name, mapping: endpoints, flows } = mapping;
  const label = name === endpoints ? `${mode} ${endpoints}` : `${mode} ${name}: ${endpoints}`;
  const obstacle = mapping.mode === 'publish' ? obstacleOf(mapping) : undefined;
  return [label, obstacle ?? (mapping.isResolved ? `${flows}` : 'name not resolved')];
}

type Labelled = ({ readonly mode: 'forward' } & ForwardStatus) | ({ readonly mode: 'publish' } & PublishStatus);

/** Why the server has no ports open for a publish. */
function obstacleOf({ state, refusal }: PublishStatus): string | undefined {
  if (state === 'open') return undefined;
  if (refusal === undefined) return state === 'waiting' ? 'not connected' : 'asking the server';
  const { status, port, retryInMs } = refusal;
  const next = retryInMs === null ? '' : `, again in ${formatDuration(retryInMs)}`;
  return `${status}${port === undefined ? '' : ` (port ${port})`}${next}`;
}
