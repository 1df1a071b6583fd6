/**
 * Runs many clients of one server in this process, each with flows of one application to many
 * targets, until SIGTERM:
 *
 *     RELAY_SERVER=INVITATION node clients.js STATE SERVER_PORT CLIENTS FIRST_PORT PORTS
 *
 * The client of the invitation has rights that all others get too: their files are written into the
 * state folder of the server. Prints how many flows have had an answer, as one JSON line.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { Loop, monotonicMs, thisMachine } from '@relay/program';
import { ClientShard, ListenerPort } from '@relay/relay';
import { defaultPrimitives, formatKey, generateKeyPair, keyPairOf, parseInvitation } from '@relay/session';
import { createSocket } from '@relay/socket';

const ADDRESS = '127.0.0.1';
const LOOK_EVERY_MS = 20;
/** Each client asks so many targets at a time. */
const AT_ONCE = 50;
/** So long without an answer, a target is asked again. */
const PATIENCE_MS = 3_000;
const MAPPING = { idleMs: 3_600_000, maxFlows: 10_000 };
const SOURCE = packed({ address: ADDRESS, port: 1_000 });

const [state, ...numbers] = process.argv.slice(2);
const [serverPort, clientCount, firstPort, portCount] = numbers.map(Number);
const invitation = parseInvitation(process.env.RELAY_SERVER);
const primitives = defaultPrimitives;

/** One client: a shard with a socket and a loop. */
class Client {
  answered = 0;
  #socket = createSocket({ local: { address: ADDRESS, port: 0 } });
  #shard;
  #loop;
  #listener;

  constructor(staticKey) {
    this.#shard = new ClientShard({
      channel: {
        ...{ staticKey, primitives, serverPublicKey: invitation.serverPublicKey },
        server: { address: ADDRESS, port: serverPort },
        parameters: {},
      },
      ...{ socket: this.#socket, openSocket: thisMachine.openSocket, serviceSocket: {}, clock: monotonicMs },
      settleSoon: () => this.#loop.settleSoon(),
      ranOut: () => undefined,
    });
    this.#loop = new Loop(
      {
        nextDueMs: () => this.#shard.nextWakeMs,
        due: (nowMs) => this.#shard.wake(nowMs),
        flush: () => {
          this.#shard.takeEvents();
          this.#shard.flush();
        },
        failed: (error) => {
          throw error;
        },
      },
      thisMachine,
    );
    this.#socket.onReceive = (batch) => {
      this.#shard.receive(batch, monotonicMs());
      this.#loop.settle();
    };
    this.#listener = this.#shard.newListener(
      MAPPING,
      Array.from({ length: portCount }, (_, i) => this.#newPort(firstPort + i)),
    );
  }

  get isConnected() {
    return this.#shard.channel.session?.peerParameters !== undefined;
  }

  async connect() {
    await this.#socket.open();
    this.#shard.channel.connect(monotonicMs(), Date.now());
    this.#loop.settle();
  }

  /** Asks those of the first `until` targets that have not answered. */
  ask(until) {
    for (const port of this.#listener.ports.slice(0, until).filter(({ isAnswered }) => !isAnswered))
      this.#shard.receiveFromSources(this.#listener, port, datagram(), monotonicMs());
    this.#loop.settle();
  }

  async close() {
    void this.#shard.close(monotonicMs());
    this.#loop.close();
    await this.#socket.close();
  }

  #newPort(number) {
    const port = new ListenerPort({
      sendBatch: ({ count }) => {
        if (!port.isAnswered) this.answered++;
        port.isAnswered = true;
        return count;
      },
    });
    port.target = packed({ address: ADDRESS, port: number });
    return port;
  }
}

const clients = newKeys().map((key) => new Client(key));
for (const client of clients) {
  await client.connect();
  await until(() => client.isConnected);
}
for (let end = AT_ONCE; end <= portCount; end += AT_ONCE) {
  const areAll = () => clients.every(({ answered }) => answered >= end);
  while (!areAll()) {
    for (const client of clients) client.ask(end);
    await until(areAll, PATIENCE_MS);
  }
}
console.log(JSON.stringify({ answered: clients.reduce((sum, { answered }) => sum + answered, 0) }));
process.once('SIGTERM', () => {
  for (const client of clients) void client.close();
});

/** The keys of all clients. The server reads their files at once. */
function newKeys() {
  const folder = join(state, 'clients');
  const record = JSON.parse(readFileSync(join(folder, `${invitation.name}.json`), 'utf8'));
  const others = Array.from({ length: clientCount - 1 }, () => generateKeyPair());
  for (const [i, { publicKey }] of others.entries()) {
    const name = `other-${i}`;
    const text = JSON.stringify({ ...record, name, publicKey: formatKey(publicKey) });
    // The server reads a file as soon as it has this name.
    const beside = join(folder, `${name}.new`);
    writeFileSync(beside, text, { mode: 0o600 });
    renameSync(beside, join(folder, `${name}.json`));
  }
  return [keyPairOf(invitation.clientPrivateKey), ...others];
}

function datagram() {
  return {
    ...{ count: 1, bytes: new Uint8Array(100), offsets: Uint32Array.of(0), lengths: Uint32Array.of(100) },
    ...{ sources: SOURCE, locals: new Uint8Array(PACKED_ENDPOINT_BYTES) },
  };
}

function packed(endpoint) {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, bytes, 0);
  return bytes;
}

/** Resolves once it holds, or after so many ms. */
async function until(holds, forMs = Infinity) {
  const end = monotonicMs() + forMs;
  while (!holds() && monotonicMs() < end) await delay(LOOK_EVERY_MS);
}
