import { dropCode, dropReasonOf, FLOW_CLOSE, type DropReason } from '@relay/packet';

type CloseName = keyof typeof FLOW_CLOSE;

/**
 * The names of refusals on the wire, for the reasons that a peer may know; every other is `closed`.
 */
const NAME_OF_REASON: Partial<Record<DropReason, CloseName>> = {
  'denied-by-policy': 'denied',
  loop: 'denied',
  'flow-limit': 'limit',
  unreachable: 'unreachable',
  'not-published': 'notPublished',
  draining: 'draining',
  overloaded: 'overloaded',
};

const REASON_OF_NAME: Partial<Record<CloseName, DropReason>> = {
  denied: 'denied-by-policy',
  limit: 'flow-limit',
  unreachable: 'unreachable',
  notPublished: 'not-published',
  draining: 'draining',
  overloaded: 'overloaded',
};

/** The number to send to the peer whose flow is refused for the reason with this code. */
export function closeReasonOf(code: number): number {
  return FLOW_CLOSE[NAME_OF_REASON[dropReasonOf(code)] ?? 'closed'];
}

/**
 * Why the peer will not take datagrams of a flow that it closed with this number; undefined if it
 * may take them again at once.
 */
export function refusalOf(closeReason: number): DropReason | undefined {
  const name = (Object.keys(FLOW_CLOSE) as CloseName[]).find((candidate) => FLOW_CLOSE[candidate] === closeReason);
  return name === undefined ? undefined : REASON_OF_NAME[name];
}

/** Code of a reason that {@link refusalOf} gave. */
export const refusalCode = (reason: DropReason): number => dropCode(reason);
