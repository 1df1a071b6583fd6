import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isInstalled } from './command.js';
import { dnsAnswer } from './dns-message.js';
import { freePort } from './ports.js';

const HOST = '127.0.0.1';

/**
 * A DNS server that knows `example.test` and all names below it. It is dnsmasq, or the tests' own
 * server if dnsmasq is not installed.
 */
export class DnsServer implements AsyncDisposable {
  /** The address of every name. */
  static readonly ADDRESS = '192.0.2.7';
  readonly port: number;
  readonly #stop: () => Promise<unknown>;

  private constructor(port: number, stop: () => Promise<unknown>) {
    this.port = port;
    this.#stop = stop;
  }

  static async start(): Promise<DnsServer> {
    if (!isInstalled('dnsmasq')) {
      const socket = await openResponder();
      return new DnsServer(socket.address().port, () => closed(socket));
    }
    const port = await freePort();
    const dnsmasq = await startDnsmasq(port);
    return new DnsServer(port, () => ended(dnsmasq));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}

async function startDnsmasq(port: number): Promise<ChildProcess> {
  const names = ['--no-resolv', '--no-hosts', `--address=/example.test/${DnsServer.ADDRESS}`];
  const where = [`--port=${port}`, `--listen-address=${HOST}`, '--bind-interfaces'];
  const alone = ['--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--log-facility=-', '--user='];
  const dnsmasq = spawn('dnsmasq', [...alone, ...where, ...names], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  for await (const line of createInterface({ input: dnsmasq.stderr })) {
    said.push(line);
    if (line.includes('started')) {
      dnsmasq.stderr.resume();
      return dnsmasq;
    }
  }
  throw new Error(`dnsmasq did not start: ${said.join('\n')}`);
}

async function openResponder(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => socket.send(dnsAnswer(query, DnsServer.ADDRESS), port, address));
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return socket;
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null) return;
  const end = once(process, 'exit');
  process.kill('SIGTERM');
  await end;
}

async function closed(socket: Socket): Promise<void> {
  const close = once(socket, 'close');
  socket.close();
  await close;
}
