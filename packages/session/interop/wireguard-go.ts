import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';

/**
 * One wireguard-go in a network namespace of its own, joined to this one by a pair of virtual
 * links.
 */
export class WireGuardGo implements AsyncDisposable {
  /** Our end of the link, and its. */
  readonly hostAddress: string;
  readonly address: string;
  readonly #name: string;
  readonly #process: ChildProcess;

  private constructor(name: string, hostAddress: string, address: string) {
    this.#name = name;
    this.hostAddress = hostAddress;
    this.address = address;
    ip('netns', 'add', name);
    ip('link', 'add', `${name}h`, 'type', 'veth', 'peer', 'name', `${name}n`, 'netns', name);
    ip('address', 'add', `${hostAddress}/30`, 'dev', `${name}h`);
    ip('link', 'set', `${name}h`, 'up');
    ip('-netns', name, 'address', 'add', `${address}/30`, 'dev', `${name}n`);
    ip('-netns', name, 'link', 'set', `${name}n`, 'up');
    this.#process = spawn('ip', ['netns', 'exec', name, 'wireguard-go', '--foreground', name], {
      stdio: 'ignore',
    });
  }

  /**
   * `number`, 0 to 63, tells this one's addresses from those of others. `tunnelAddress` is that of
   * its end of the tunnel.
   */
  static async start(number: number, tunnelAddress: string): Promise<WireGuardGo> {
    const peer = new WireGuardGo(
      `rly${process.pid % 100_000}${number}`,
      `10.213.7.${4 * number + 1}`,
      `10.213.7.${4 * number + 2}`,
    );
    await peer.#isListening();
    ip('-netns', peer.#name, 'address', 'add', `${tunnelAddress}/24`, 'dev', peer.#name);
    ip('-netns', peer.#name, 'link', 'set', peer.#name, 'up');
    return peer;
  }

  /** Sets values of https://www.wireguard.com/xplatform/; the answer must be that all went well. */
  async configure(...lines: readonly string[]): Promise<void> {
    const answer = await this.#ask(['set=1', ...lines]);
    if (!answer.includes('errno=0')) throw new Error(`wireguard-go refused: ${answer}`);
  }

  /** One of the values that it tells of its only peer. */
  async peerValue(key: string): Promise<number> {
    const answer = await this.#ask(['get=1']);
    return Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(answer)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hasEnded = once(this.#process, 'exit');
    this.#process.kill();
    await hasEnded;
    ip('netns', 'delete', this.#name);
  }

  /** It makes its socket once it is ready; there is nothing else to wait for. */
  async #isListening(): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      try {
        await this.#ask(['get=1']);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error('wireguard-go does not listen');
  }

  async #ask(lines: readonly string[]): Promise<string> {
    const socket = createConnection(`/var/run/wireguard/${this.#name}.sock`);
    await once(socket, 'connect');
    socket.setEncoding('utf8').write(`${lines.join('\n')}\n\n`);
    let answer = '';
    for await (const part of socket) {
      answer += String(part);
      if (answer.endsWith('\n\n')) break;
    }
    return answer;
  }
}

function ip(...parameters: string[]): void {
  execFileSync('ip', parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
}
