/**
 * Options that both programs have. Each number has a bound that its use can bear. For a duration
 * the bound is that of a timer, and the format of durations checks it.
 */
import { bytes, duration, integer, option, refuse, type Format } from '@relay/config';
import type { SocketOptions } from '@relay/socket';
import { logLevel } from './log-level.js';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const TIB = 2 ** 40;

/**
 * The largest socket buffer in bytes. The kernel doubles the size into a signed 32-bit number, so 1
 * GiB is too large.
 */
const MAX_BUFFER_BYTES = 1023 * MIB;
/**
 * Largest log file in bytes. It is far below the limit of a file system, and every sum over 10,000
 * files stays exact.
 */
const MAX_LOG_FILE_BYTES = TIB;

const pathOrOff: Format<string> = {
  name: 'path or off',
  valueName: 'PATH|off',
  expected: 'a path, or off',
  parse: (value) =>
    typeof value === 'string' && value !== '' && !/\p{Cc}/u.test(value) ? value : refuse(pathOrOff.expected),
  completion: 'file',
};

/**
 * The options of sockets of flows: small, since there may be thousands. Their datagrams are an
 * application's, which chose the sizes: a router with a small MTU cuts them and does not drop them.
 */
export const flowSocket = (
  { engine }: Pick<SocketOptions, 'engine'>,
  bufferBytes: number | undefined,
): Pick<SocketOptions, 'engine' | 'pathMtuDiscovery' | 'receiveBufferBytes' | 'sendBufferBytes'> => ({
  pathMtuDiscovery: false,
  ...(engine !== undefined && { engine }),
  ...(bufferBytes !== undefined && { receiveBufferBytes: bufferBytes, sendBufferBytes: bufferBytes }),
});

/** Options for the configuration file, the logs, the view on the terminal, and the admin socket. */
export const commonOptions = {
  config: option({
    format: 'path',
    alias: 'c',
    file: false,
    doc: 'Configuration file: TOML, YAML or JSON by its ending',
  }),
  admin: option({
    format: pathOrOff,
    doc: 'Unix socket on which status and control commands reach the running program, mode 0600; off for none',
  }),
  logLevel: option({
    format: logLevel,
    default: 'info',
    live: true,
    group: 'Logs',
    doc: 'error, warn, info, debug or trace, and levels of scopes after it: info,session=debug',
  }),
  logDir: option({
    format: 'directory',
    group: 'Logs',
    doc: 'Folder for relay-DATE.log and metrics-DATE.log, rotated and compressed',
  }),
  logFormat: option({
    format: ['auto', 'pretty', 'json'],
    default: 'auto',
    group: 'Logs',
    doc: 'How the console log looks; auto is pretty on a terminal and JSON elsewhere',
  }),
  logMaxFile: option({
    format: bytes({ min: 64 * KIB, max: MAX_LOG_FILE_BYTES }),
    default: '16MiB',
    group: 'Logs',
    doc: 'Largest size of one log file',
  }),
  logMaxFiles: option({
    format: integer({ min: 1, max: 10_000 }),
    default: 30,
    group: 'Logs',
    doc: 'How many log files of each kind are kept besides the current one',
  }),
  logMaxTotal: option({
    format: bytes({ min: 256 * KIB, max: 4 * MAX_LOG_FILE_BYTES }),
    default: '256MiB',
    group: 'Logs',
    doc: 'Most that all log files of one kind take together',
  }),
  metricsInterval: option({
    format: duration({ min: 1000 }),
    default: '10s',
    live: true,
    group: 'Logs',
    doc: 'How often a record is written to the metrics log',
  }),
  status: option({
    format: 'boolean',
    default: false,
    file: false,
    environment: false,
    doc: 'Show a live status screen; through a pipe, print the status every ten seconds',
  }),
  interactive: option({
    format: 'boolean',
    alias: 'i',
    default: false,
    file: false,
    environment: false,
    doc: 'Show a prompt with completion and history',
  }),
} as const;

/**
 * The largest packet between client and server, in bytes of UDP payload. The minimum is what every
 * path that supports QUIC carries (RFC 9000, section 14). The maximum is the capacity of a UDP
 * datagram over IPv4.
 */
export const packetBytes = bytes({ min: 1200, max: 65_507 });

/** Options for how sockets talk to the kernel. */
export const socketOptions = {
  engine: option({
    format: ['auto', 'native', 'dgram'],
    default: 'auto',
    group: 'Sockets',
    doc: 'How sockets talk to the kernel: native batches system calls, dgram works everywhere; auto takes native where it can',
  }),
  receiveBuffer: option({
    format: bytes({ min: 4 * KIB, max: MAX_BUFFER_BYTES }),
    default: '16MiB',
    group: 'Sockets',
    doc: 'Kernel receive buffer to ask for',
  }),
  sendBuffer: option({
    format: bytes({ min: 4 * KIB, max: MAX_BUFFER_BYTES }),
    default: '4MiB',
    group: 'Sockets',
    doc: 'Kernel send buffer to ask for',
  }),
  flowBuffer: option({
    format: bytes({ min: 4 * KIB, max: MAX_BUFFER_BYTES }),
    default: '512KiB',
    group: 'Sockets',
    doc: 'Kernel buffers to ask for, in each direction, of each socket to a target or service',
  }),
  sendQueue: option({
    format: bytes({ max: MAX_BUFFER_BYTES }),
    default: '1MiB',
    group: 'Sockets',
    doc: 'How much may wait when the kernel takes no more; what comes beyond is dropped and counted',
  }),
} as const;
