/** The server that is attacked, and the services behind it: real processes and sockets. */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../server/bin/relay-server.js', import.meta.url));
const TICK_MS = 10;

export class Server {
  #state = mkdtempSync(join(tmpdir(), 'relay-hostile-'));
  #process;
  #port;

  static async start(engine) {
    const server = new Server();
    const args = ['start', '--listen', '127.0.0.1:0', '--engine', engine, '--state', server.#state];
    server.#process = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const text of server.#process.stdout.setEncoding('utf8')) {
      const ready = /ready on \S+:(\d+)/.exec(text);
      server.#port = ready?.[1];
      if (ready !== null) break;
    }
    if (server.#port === undefined) throw new Error('the server did not start');
    return server;
  }

  invite(name) {
    const args = ['invite', name, '--state', this.#state, '--public', `127.0.0.1:${this.#port}`];
    const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args, '--allow', '127.0.0.0/8'], {
      encoding: 'utf8',
    });
    if (!stdout.startsWith('relay://')) throw new Error(`no invitation: ${stderr}`);
    return stdout.trim();
  }

  status() {
    const { stdout } = spawnSync(process.execPath, [PROGRAM, 'status', '--json', '--state', this.#state]);
    return JSON.parse(String(stdout));
  }

  get cpuMs() {
    const [, rest] = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8').split(') ');
    const fields = rest.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  async stop() {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#state, { recursive: true, force: true });
  }
}

/** A service on a port of its own: it sends everything back, or counts it only. */
export async function service(isEcho) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  const found = { socket, count: 0 };
  socket.on('message', (message, { port, address }) => {
    found.count++;
    if (isEcho) socket.send(message, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { ...found, endpoint: { address: '127.0.0.1', port: socket.address().port }, counted: () => found.count };
}
