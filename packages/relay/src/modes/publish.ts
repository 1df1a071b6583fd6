/**
 * Publish: public ports of a server lead to services beside its client. These are its rules: each
 * side decides on a new flow, and opens nothing.
 */
import { DROP } from '@relay/packet';
import type { End, Opening } from '../flow/flow.js';

/** The server's way to the client that has published the port. */
export interface WayToClient {
  /** Undefined while there is none. */
  readonly session: object | undefined;
  newEnd(): End;
}

/** On the server: the end for a flow that a visitor asks for, or a drop code. */
export function admitVisitor(tunnel: WayToClient, server: { readonly isDraining: boolean }): End | number {
  if (server.isDraining) return DROP.draining;
  return tunnel.session === undefined ? DROP.noSession : tunnel.newEnd();
}

/** One port of a service that a client has published. */
export interface PublishedService {
  /** The end for the flow of one visitor, or a drop code while there is no address of its name. */
  newEnd(): End | number;
}

/** The services of a client, by the public endpoints that visitors ask for. */
export interface PublishedServices {
  /** True if public endpoints are still missing: nobody is refused who may ask for one of them. */
  readonly areIncomplete: boolean;
  /** The service behind the packed public endpoint. */
  find(publicEndpoint: Uint8Array): PublishedService | undefined;
}

/** On the client: the end for a flow that the server asks for, or a drop code. */
export function admitFromServer({ target }: Opening, services: PublishedServices): End | number {
  const service = services.find(target);
  if (service === undefined) return services.areIncomplete ? DROP.resolving : DROP.notPublished;
  return service.newEnd();
}
