import { join } from 'node:path';
import { formatEndpoint, parseEndpoint } from '@relay/packet';
import { formatKey, parseKey } from '@relay/session';
import type { Assignment } from '../publish/publication.js';
import { LineFile, type FileTrouble } from './line-file.js';

/** In ms: at least this long from one write to the next. */
const WRITE_EVERY_MS = 1000;
const LAST_PORT = 65_535;
const MAX_TOKEN = 2 ** 32 - 1;

/**
 * Which ports belong to which client, in a file: after a restart the server keeps them for their
 * clients. One line for each publication: the client's key, the first port with its address, the
 * number of ports, and the client's token of the mapping or `-`.
 */
export class PublishedPortsFile {
  readonly #file: LineFile;

  /** `assignments` gives what is to be written. */
  constructor(
    folder: string,
    trouble: FileTrouble,
    assignments: () => readonly Assignment[],
    writeEveryMs = WRITE_EVERY_MS,
  ) {
    this.#file = new LineFile({
      path: join(folder, 'published-ports'),
      what: 'the published ports of clients',
      ...{ trouble, writeEveryMs },
      lines: () => assignments().map(lineOf),
    });
  }

  /** What a former life of the server has written. */
  read(): Assignment[] {
    const assignments: Assignment[] = [];
    this.#file.read((line) => {
      const assignment = assignmentOf(line);
      if (assignment !== undefined) assignments.push(assignment);
      return assignment !== undefined;
    });
    return assignments;
  }

  /** The assignments have changed: they are written at once, or within a second. */
  changed(): void {
    this.#file.changed();
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#file.close();
  }
}

const LINE = /^([A-Za-z0-9_-]{43}) (\S{1,60}) ([1-9]\d{0,4}) (-|\d{1,10})$/;

const lineOf = ({ publicKey, ports, token }: Assignment): string =>
  `${formatKey(publicKey)} ${formatEndpoint(ports.endpoint)} ${ports.count} ${token ?? '-'}`;

function assignmentOf(line: string): Assignment | undefined {
  const [, id = '', endpointText = '', countText, tokenText] = LINE.exec(line) ?? [];
  const publicKey = parseKey(id);
  const endpoint = parseEndpoint(endpointText);
  const [count, token] = [Number(countText), tokenText === '-' ? undefined : Number(tokenText)];
  if (publicKey === undefined || endpoint === undefined || endpoint.port === 0) return undefined;
  if (endpoint.port + count - 1 > LAST_PORT || (token ?? 0) > MAX_TOKEN) return undefined;
  return { publicKey, ports: { endpoint, count }, token };
}
