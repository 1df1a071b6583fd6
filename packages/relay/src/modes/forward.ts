/**
 * Forward: a client's local ports lead to targets beyond its server. These are its rules: each side
 * decides on a new flow, and opens nothing.
 */
import { DROP, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import type { End, Opening } from '../flow/flow.js';
import { hasSocketRoom, type SocketRoom } from '../policy/socket-room.js';
import { TargetPolicy, type Allowance } from '../policy/target-policy.js';

/** The client's way to the server. */
export interface WayToServer {
  /** Undefined while there is none. */
  readonly session: object | undefined;
  newEnd(): End;
}

/** On the client: the end for a flow that a local source asks for, or a drop code. */
export function admitFromListener(tunnel: WayToServer): End | number {
  return tunnel.session === undefined ? DROP.noSession : tunnel.newEnd();
}

/** The targets that a client may reach; see `TargetPolicy`. */
export interface ForwardRights {
  readonly allowances: readonly Allowance[];
}

/** A client, as the server knows it. */
export interface ForwardClient {
  /** Undefined where it may not come in any more. */
  readonly rights: ForwardRights | undefined;
  /** The end at a target, for a flow of this client. */
  newEnd(): End;
}

/** The state of a server that its rules ask for. */
export interface ForwardServer extends SocketRoom {
  readonly isDraining: boolean;
  /** Whether the server itself listens on the packed endpoint. */
  isOwn(target: Uint8Array, offset: number): boolean;
}

/** On the server: the end for a flow that a client asks for, or a drop code. */
export function admitFromTunnel({ target }: Opening, client: ForwardClient, server: ForwardServer): End | number {
  if (server.isDraining) return DROP.draining;
  if (!hasSocketRoom(server)) return DROP.overloaded;
  const verdict = verdictOf(target, client.rights, server);
  return verdict < 0 ? verdict : client.newEnd();
}

/** 0 if these rights allow a packed endpoint, otherwise the code of the drop reason. */
export function verdictOf(
  target: Uint8Array,
  rights: ForwardRights | undefined,
  server: Pick<ForwardServer, 'isOwn'>,
): number {
  if (rights === undefined) return DROP.deniedByPolicy;
  return new TargetPolicy(rights.allowances, (own, offset) => server.isOwn(own, offset)).verdict(target, 0);
}

/** Whether these rights name a packed endpoint at the server's own host; see `TargetPolicy`. */
export const namesTarget = (target: Uint8Array, { allowances }: ForwardRights): boolean =>
  new TargetPolicy(allowances, () => false).names(target, 0);

/** Those of these addresses, as texts, of which these rights name some port. */
export function reachableAddresses(addresses: readonly string[], rights: ForwardRights | undefined): string[] {
  if (rights === undefined) return [];
  const policy = new TargetPolicy(rights.allowances, () => false);
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  return addresses.filter((address) => {
    packEndpoint({ address, port: 0 }, packed, 0);
    return policy.reaches(packed, 0);
  });
}
