/** What the answer of the server to a publish request means. */
import { decodePublishedPorts, decodeRefusedPort, STATUS, type PublishedPorts } from '@relay/packet';
import type { PublishRefusal } from './publish.js';

export type PublishAnswer =
  | { readonly ports: PublishedPorts }
  /** `toClose`: ports that the server says it has opened, though it was not asked for them. */
  | { readonly refusal: PublishRefusal; readonly toClose?: PublishedPorts };

type Status = PublishRefusal['status'];

const REFUSALS = Object.keys(STATUS).filter((word): word is Status => word !== 'done');
const BY_NUMBER = new Map<number, Status>(REFUSALS.map((word) => [STATUS[word], word]));
const FAILED: PublishRefusal = { status: 'failed', port: undefined };

/** Reads the answer to a request for `wanted`. Whatever the server says, it does not throw. */
export function readPublishAnswer(wanted: PublishedPorts, status: number, body: Uint8Array): PublishAnswer {
  if (status === STATUS.done) return readPorts(wanted, body);
  return { refusal: { status: BY_NUMBER.get(status) ?? 'failed', port: readPort(wanted, body) } };
}

/** The port that a refusal is about, if it names one that was asked for. */
function readPort({ endpoint, count }: PublishedPorts, body: Uint8Array): number | undefined {
  const about = decodeRefusedPort(body);
  if (typeof about === 'string' || about.port === undefined) return undefined;
  const number = about.port - endpoint.port;
  return endpoint.port === 0 || (number >= 0 && number < count) ? about.port : undefined;
}

function readPorts(wanted: PublishedPorts, body: Uint8Array): PublishAnswer {
  const given = decodePublishedPorts(body);
  if (typeof given === 'string') return { refusal: FAILED, ...(wanted.endpoint.port !== 0 && { toClose: wanted }) };
  const { address, port } = given.endpoint;
  const isPortRight = wanted.endpoint.port === 0 ? port !== 0 : port === wanted.endpoint.port;
  const isRight = isPortRight && given.count === wanted.count && address === wanted.endpoint.address;
  return isRight ? { ports: given } : { refusal: FAILED, toClose: given };
}
