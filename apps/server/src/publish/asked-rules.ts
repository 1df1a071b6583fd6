import type { PublishRequest } from '@relay/packet';
import { addressRange, type VisitorRules } from '@relay/relay';

/** The rules for visitors that a request states. */
export const rulesOf = ({ allow, deny, maxPps, maxBps, visitorPps, visitorFlows }: PublishRequest): VisitorRules => ({
  allow: allow?.map(addressRange),
  deny: deny?.map(addressRange),
  ...{ maxPps, maxBps, visitorPps, visitorFlows },
});
