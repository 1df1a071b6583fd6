/**
 * Where clients reach the server, as invitations name it. The state folder remembers it, so that
 * `invite` names the right place while no server runs.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FORMATS, Refusal, type Host } from '@relay/config';
import { formatHostPorts } from '@relay/program';
import { replaceFile } from './atomic-file.js';
import { readIfThere } from './state-folder.js';

/** The endpoint that invitations name. */
export interface PublicEndpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * The endpoint that invitations name: the configured one, or the listen address, or this host's
 * name where that is a wildcard.
 */
export function publicEndpoint(
  configured: Host | undefined,
  listen: { readonly address: string; readonly port: number },
): PublicEndpoint {
  const isWildcard = listen.address === '::' || listen.address === '0.0.0.0';
  return {
    host: configured?.host ?? (isWildcard ? hostname() : listen.address),
    port: configured?.port ?? listen.port,
  };
}

/**
 * Advice where an invitation names this host by a name that may lead nowhere from elsewhere;
 * undefined where it does not.
 */
export const adviceOnHost = ({ host }: PublicEndpoint): string | undefined =>
  host === hostname() && !host.includes('.')
    ? `the invitation names this host as '${host}': give --public HOST if clients reach it by another name or address`
    : undefined;

const filePath = (folder: string): string => join(folder, 'public-address');

/** Keeps the endpoint for a time when no server runs. Throws the file system's error. */
export function rememberPublic(folder: string, at: PublicEndpoint): void {
  const text = `${formatHost(at)}\n`;
  if (readIfThere(filePath(folder)) !== text) replaceFile(filePath(folder), text);
}

/** The endpoint of the last server that ran; undefined if there was none, or none is kept. */
export function rememberedPublic(folder: string): PublicEndpoint | undefined {
  try {
    return parsePublic(readIfThere(filePath(folder))?.trim());
  } catch {
    return undefined; // such as a folder of another user: what is configured serves
  }
}

/** The endpoint in what a running server answered; undefined if it is none. */
export function parsePublic(text: unknown): PublicEndpoint | undefined {
  const parsed = typeof text === 'string' ? FORMATS.host.parse(text, 'text') : undefined;
  if (parsed === undefined || parsed instanceof Refusal || parsed.port === undefined) return undefined;
  return { host: parsed.host, port: parsed.port };
}

/** The text that {@link parsePublic} reads. */
export const formatHost = ({ host, port }: PublicEndpoint): string =>
  formatHostPorts(host, { first: port, last: port });
