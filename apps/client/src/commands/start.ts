import { yargsOptions } from '@relay/config';
import { LiveConfiguration, onReloadSignal, untilStopped, type Flags, type LiveView } from '@relay/program';
import type { CommandModule } from 'yargs';
import { clientSchema } from '../options.js';
import { RunningClient } from '../running-client.js';
import { openClientPrompt } from '../terminal/prompt.js';
import { openStatusScreen } from '../terminal/status-screen.js';

export const startCommand: CommandModule<object, Flags> = {
  command: ['start', '$0'],
  describe: 'Run the client in the foreground',
  builder: (cli) => cli.options(yargsOptions(clientSchema)),
  handler: (flags) => start(flags),
};

/** Runs until a signal, `stop` over the admin socket, or the end of the prompt. */
async function start(flags: Flags): Promise<void> {
  const configuration = new LiveConfiguration(clientSchema, flags);
  await untilStopped(async (stop, stopped) => {
    const running = await RunningClient.start(configuration, stop);
    const release = onReloadSignal(() => running.reloadQuietly());
    try {
      await running.logs.flush(); // what was logged so far belongs above the prompt or screen
      const view = openView(running, stop);
      await stopped;
      view?.close();
    } finally {
      release();
      await running.close();
    }
  });
}

function openView(running: RunningClient, stop: () => void): LiveView | undefined {
  if (running.settings.interactive) return openClientPrompt(running, stop);
  return running.settings.status ? openStatusScreen(running, stop) : undefined;
}
