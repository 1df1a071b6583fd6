import { yargsOptions } from '@relay/config';
import { LiveConfiguration, onReloadSignal, untilStopped, type Flags, type LiveView } from '@relay/program';
import { formatEndpoint } from '@relay/packet';
import type { CommandModule } from 'yargs';
import { serverSchema } from '../options.js';
import { RunningServer } from '../running-server.js';
import { openServerPrompt } from '../terminal/prompt.js';
import { openStatusScreen } from '../terminal/status-screen.js';

export const startCommand: CommandModule<object, Flags> = {
  command: ['start', '$0'],
  describe: 'Run the server in the foreground',
  builder: (cli) => cli.options(yargsOptions(serverSchema)),
  handler: (flags) => start(flags),
};

/** Runs until a signal, `stop` over the admin socket, or the end of the prompt. */
async function start(flags: Flags): Promise<void> {
  const configuration = new LiveConfiguration(serverSchema, flags);
  await untilStopped(async (stop, stopped) => {
    const running = await RunningServer.start(configuration, stop);
    const release = onReloadSignal(() => running.reloadQuietly());
    try {
      announce(running);
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

function openView(running: RunningServer, stop: () => void): LiveView | undefined {
  if (running.settings.interactive) return openServerPrompt(running, stop);
  return running.settings.status ? openStatusScreen(running, stop) : undefined;
}

function announce({ firstInvitation, server }: RunningServer): void {
  if (firstInvitation !== undefined) {
    process.stdout.write(
      'First start. This invitation is shown only once, and whoever has it can connect. On the client, for instance:\n',
    );
    process.stdout.write(`  relay-client --server '${firstInvitation}' --forward 5353=1.1.1.1:53\n`);
  }
  process.stdout.write(`relay-server ready on ${formatEndpoint(server.local)}\n`);
}
