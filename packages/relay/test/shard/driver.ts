import type { MemoryNetwork } from '@relay/socket/testing';

/** Sends what waits and wakes in time: what a program's loop does for a shard. */
export class Driver {
  readonly #network: MemoryNetwork;
  readonly #shard: { readonly nextWakeMs: number; wake(nowMs: number): void; flush(): void };
  #cancel: (() => void) | undefined;

  constructor(
    network: MemoryNetwork,
    shard: { readonly nextWakeMs: number; wake(nowMs: number): void; flush(): void },
  ) {
    this.#network = network;
    this.#shard = shard;
  }

  settle(): void {
    this.#shard.flush();
    this.#cancel?.();
    const { clock } = this.#network;
    const { nextWakeMs } = this.#shard;
    if (nextWakeMs === Infinity) return;
    this.#cancel = clock.schedule(Math.max(0.001, nextWakeMs - clock.nowMs), () => {
      this.#shard.wake(clock.nowMs);
      this.settle();
    });
  }

  stop(): void {
    this.#cancel?.();
  }
}
