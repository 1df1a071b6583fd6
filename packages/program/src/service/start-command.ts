import type { Command, Example } from '../command/command.js';
import type { Flags } from '../configured.js';
import { EXIT, ProgramFailure } from '../exit-code.js';
import { LiveConfiguration } from '../live-configuration.js';
import { openLivePrompt, openLiveScreen, type LiveView } from '../live-view.js';
import { onReloadSignal, untilStopped } from '../signals.js';
import { withPending } from '../program-status.js';
import { promptWords } from '../verb/verb.js';
import { Service, type Program, type RunningProgram, type ServiceSettings, type Work } from './service.js';

/** Makes the command `start`. The program also runs it if the user names no command. */
export function startCommand<Settings extends ServiceSettings, Own extends Work>(
  program: Program<Settings, Own>,
  examples: readonly Example[] = [],
): Command {
  return {
    name: 'start',
    describe: `Run the ${program.noun} in the foreground`,
    options: program.schema.options,
    examples,
    run: (flags) => run(program, flags),
  };
}

/** Runs until a signal, the verb `stop`, or the end of the prompt. */
async function run<Settings extends ServiceSettings, Own extends Work>(
  program: Program<Settings, Own>,
  flags: Flags,
): Promise<void> {
  const configuration = new LiveConfiguration(program.schema, flags);
  const { interactive, status } = configuration.values;
  if (interactive && status)
    throw new ProgramFailure(
      EXIT.usage,
      '--interactive and --status exclude each other: the prompt has the word status',
    );
  await untilStopped(async (stop, stopped) => {
    const service = await Service.start(program, configuration, stop);
    const release = onReloadSignal(() => void service.reloadQuietly());
    try {
      await service.logs.flush(); // earlier lines go above the prompt or screen
      const view = openView(program, service);
      await stopped;
      view?.close();
    } finally {
      release();
      await service.close();
    }
  });
}

function openView<Settings extends ServiceSettings, Own extends Work>(
  { noun, verbs, historyPath, newScreen }: Program<Settings, Own>,
  service: Service<Settings, Own>,
): LiveView | undefined {
  const { settings, logs, stop } = service;
  if (settings.interactive)
    return openLivePrompt(
      logs,
      promptWords<RunningProgram<Settings, Own>>(verbs, service),
      historyPath(settings),
      stop,
    );
  if (!settings.status) return undefined;
  const lines = newScreen(service.own);
  return openLiveScreen(logs, noun, () => withPending(lines(), service.restartPending), stop);
}
