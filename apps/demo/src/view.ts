import { askAdmin, monotonicMs, packetDirections, Rates, trafficLines, type ProgramStatus } from '@relay/program';
import { formatDuration, table, type ScreenLine } from '@relay/terminal';
import type { Application } from './traffic.js';

const ASK_EVERY_MS = 1000;

/** A status with the modes that only one of the programs has, or both. */
type ModeStatus = ProgramStatus & Partial<Record<'publish' | 'route', ProgramStatus['forward']>>;

/** The way of a datagram, by mode. */
const WAYS: Readonly<Record<string, string>> = {
  forward: 'application → client ⇒ server → target',
  publish: 'visitor → server ⇒ client → service',
  route: 'source → server → one of two upstreams',
};

/** The view of the demo: the figures of its applications, and the status of both programs. */
export class DemoView {
  readonly #applications: readonly Application[];
  readonly #timer: NodeJS.Timeout;
  readonly #rates = new Map<string, Rates>();
  /** The figures of one moment: those of the programs would not fit later ones of applications. */
  #shown: readonly ScreenLine[];

  constructor(applications: readonly Application[], adminSockets: readonly string[]) {
    this.#applications = applications;
    this.#shown = this.#applicationLines();
    const ask = (): void => {
      void Promise.allSettled(adminSockets.map((path) => askAdmin(path, 'status'))).then((answers) => {
        const programs = answers.flatMap((answer) =>
          answer.status === 'fulfilled' ? this.#programLines(answer.value as ModeStatus) : ['', 'no answer'],
        );
        this.#shown = [...this.#applicationLines(), ...programs];
      });
    };
    ask();
    this.#timer = setInterval(ask, ASK_EVERY_MS);
  }

  lines(): ScreenLine[] {
    const title: ScreenLine = { text: 'Relay carries datagrams in three modes   (q ends)', style: 'bold' };
    return [title, '', ...this.#shown];
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #applicationLines(): string[] {
    const rows = this.#applications.map(({ mode, sent, received, medianRoundTripMs }) => [
      mode,
      WAYS[mode] ?? '',
      `${sent}`,
      `${received}`,
      medianRoundTripMs === undefined ? '–' : formatDuration(medianRoundTripMs),
    ]);
    return table([['mode', 'way', 'sent', 'echoed', 'median round trip'], ...rows], {
      align: ['left', 'left', 'right', 'right', 'right'],
    });
  }

  #programLines({ program, engine, forward, publish, route, packets }: ModeStatus): string[] {
    const rates = this.#rates.get(program) ?? new Rates();
    this.#rates.set(program, rates);
    const directions = {
      'to targets': forward.toTarget,
      'from targets': forward.fromTarget,
      ...(publish && { 'to services': publish.toTarget, 'from services': publish.fromTarget }),
      ...(route && { 'to upstreams': route.toTarget, 'from upstreams': route.fromTarget }),
      ...packetDirections(packets),
    };
    return ['', `${program}   engine ${engine}`, ...trafficLines(directions, rates, monotonicMs())];
  }
}
