import { askAdmin, monotonicMs, packetDirections, Rates, trafficLines, type ProgramStatus } from '@relay/program';
import { formatDuration, type ScreenLine } from '@relay/terminal';
import type { Application } from './traffic.js';

const ASK_EVERY_MS = 1000;

/** The view of the demo: the figures of its applications, and the status of both programs. */
export class DemoView {
  readonly #applications: readonly Application[];
  readonly #timer: NodeJS.Timeout;
  readonly #rates = new Map<string, Rates>();
  #programs: readonly string[] = [];

  constructor(applications: readonly Application[], adminSockets: readonly string[]) {
    this.#applications = applications;
    const ask = (): void => {
      void Promise.allSettled(adminSockets.map((path) => askAdmin(path, 'status'))).then((answers) => {
        this.#programs = answers.flatMap((answer) =>
          answer.status === 'fulfilled' ? this.#programLines(answer.value as ProgramStatus) : ['', 'no answer'],
        );
      });
    };
    ask();
    this.#timer = setInterval(ask, ASK_EVERY_MS);
  }

  lines(): ScreenLine[] {
    const applications = this.#applications.map(({ sent, received, medianRoundTripMs }, i) => {
      const roundTrip = medianRoundTripMs === undefined ? '–' : formatDuration(medianRoundTripMs);
      return `application ${i + 1}   sent ${sent}   echoed ${received}   median round trip ${roundTrip}`;
    });
    const title: ScreenLine = { text: 'applications → client ⇒ server → target, and back   (q ends)', style: 'bold' };
    return [title, '', ...applications, ...this.#programs];
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #programLines({ program, engine, flows, forward, packets }: ProgramStatus): string[] {
    const rates = this.#rates.get(program) ?? new Rates();
    this.#rates.set(program, rates);
    const directions = {
      'to targets': forward.toTarget,
      'from targets': forward.fromTarget,
      ...packetDirections(packets),
    };
    return ['', `${program}   engine ${engine}   flows ${flows}`, ...trafficLines(directions, rates, monotonicMs())];
  }
}
