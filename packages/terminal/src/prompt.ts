import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface } from 'node:readline';
import { readHistory, writeHistory } from './history.js';
import type { TerminalInput, TerminalOutput } from './screen.js';
import { table } from './table.js';
import { plainText } from './text.js';
import { nearestName, splitWords } from './words.js';

/** One command of a prompt. */
export interface PromptCommand {
  /** One line for `help`. */
  readonly summary: string;
  /**
   * Runs the command; a string that it resolves with is printed. A rejection is printed too and
   * counts as a failure.
   */
  run(args: string[]): Promise<unknown>;
  /**
   * The completions of the last word, which may be empty; the prompt keeps those that begin with
   * it.
   */
  complete?(words: string[]): string[];
}

/** The streams, commands and history of a prompt. */
export interface PromptOptions {
  /** If it or the output is no terminal, its lines are a script: no prompt is shown. */
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  /** The text before the typed line, such as `relay> `. */
  readonly prompt: string;
  /** Where typed lines are kept, mode 0600; without it they are forgotten. */
  readonly historyFile?: string;
  /** By name; `help` and `quit` are there already. */
  readonly commands: Readonly<Record<string, PromptCommand>>;
  /**
   * The input has ended: Ctrl-D, Ctrl-C twice, `quit`, `close`, or the end of a script. Called
   * once, with the number of commands that failed.
   */
  readonly onClose: (failures: number) => void;
}

/** An open prompt. */
export interface Prompt {
  /**
   * Writes text above the line being typed, which stays as it is. Newlines are kept; everything
   * else unsafe is removed.
   */
  print(text: string): void;
  /** Ends the prompt; `onClose` is called when the running command has ended. Idempotent. */
  close(): void;
}

/**
 * Opens a prompt on a terminal; where the input is no terminal, its lines are run as a script,
 * without a prompt and one after the other.
 */
export function openPrompt(options: PromptOptions): Prompt {
  return new ReadlinePrompt(options);
}

/** Words that other prompts have for the built-in commands. */
const HABITS = new Map([
  ['exit', 'quit'],
  ['?', 'help'],
]);

class ReadlinePrompt implements Prompt {
  readonly #options: PromptOptions;
  readonly #commands: Map<string, PromptCommand>;
  readonly #readline: Interface;
  readonly #isInteractive: boolean;
  #running = Promise.resolve();
  #isRunning = 0;
  #isClosed = false;
  #hasQuit = false;
  #mayLeave = false;
  #failures = 0;

  constructor(options: PromptOptions) {
    this.#options = options;
    const { input, output, prompt, historyFile } = options;
    this.#commands = new Map([...Object.entries(options.commands), ...this.#builtIn()]);
    this.#isInteractive = input.isTTY === true && output.isTTY === true;
    this.#readline = createInterface({
      input,
      ...(this.#isInteractive ? { output, prompt: plainText(prompt), completer: this.#complete } : {}),
      terminal: this.#isInteractive,
      history: historyFile === undefined ? [] : readHistory(historyFile),
      historySize: 1000,
      removeHistoryDuplicates: true,
    });
    this.#readline.on('line', this.#onLine);
    this.#readline.on('SIGINT', this.#onInterrupt);
    this.#readline.on('close', this.#onEnd);
    if (historyFile !== undefined) this.#readline.on('history', (history) => this.#keepHistory(historyFile, history));
    if (this.#isInteractive) this.#readline.prompt();
  }

  print(text: string): void {
    const { output } = this.#options;
    const lines = text.split(/\r?\n/).map(plainText).join('\n');
    if (!this.#isInteractive || this.#isClosed || this.#isRunning > 0) {
      output.write(`${lines}\n`);
      return;
    }
    // Readline redraws from where it believes its first row to be, so as many rows as the line
    // takes up to the cursor are added.
    const { rows } = this.#readline.getCursorPos();
    moveCursor(output, 0, -rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    output.write(`${lines}\n${'\n'.repeat(rows)}`);
    this.#readline.prompt(true);
  }

  close(): void {
    this.#hasQuit = true;
    this.#readline.close();
  }

  readonly #onLine = (line: string): void => {
    this.#mayLeave = false;
    this.#isRunning++;
    this.#running = this.#running.then(async () => {
      await this.#run(line);
      this.#isRunning--;
      // Text typed during the command stays, and so does the cursor in it.
      if (this.#isInteractive && !this.#isClosed && this.#isRunning === 0) this.#readline.prompt(true);
    });
  };

  async #run(line: string): Promise<void> {
    const [name, ...args] = splitWords(line);
    if (this.#hasQuit || name === undefined || name.startsWith('#')) return;
    const command = this.#commands.get(name) ?? this.#commands.get(HABITS.get(name) ?? '');
    try {
      if (command === undefined) throw new Error(this.#unknown(name));
      const answer = await command.run(args);
      if (typeof answer === 'string' && answer !== '') this.print(answer);
    } catch (error) {
      this.#failures++;
      this.print(error instanceof Error ? error.message : String(error));
    }
  }

  readonly #onInterrupt = (): void => {
    if (this.#readline.line === '' && this.#mayLeave) {
      this.close();
      return;
    }
    this.#mayLeave = this.#readline.line === '';
    if (this.#mayLeave) this.print('Press Ctrl-C again or Ctrl-D to leave.');
    else this.#forgetLine();
  };

  /** Leaves the line on the screen as a shell does, and begins an empty one below it. */
  #forgetLine(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' });
    // As in `print`: readline goes up as many rows as the line took before it draws.
    const { rows } = this.#readline.getCursorPos();
    this.#options.output.write(`^C\n${'\n'.repeat(rows)}`);
    this.#readline.write(null, { ctrl: true, name: 'u' });
  }

  readonly #onEnd = (): void => {
    this.#isClosed = true;
    // After a command, `quit` above all, the cursor is on a row of its own already.
    if (this.#isInteractive && this.#isRunning === 0) this.#options.output.write('\n');
    void this.#running.then(() => this.#options.onClose(this.#failures));
  };

  readonly #complete = (line: string): [string[], string] => {
    const words = splitWords(line);
    if (line === '' || /\s$/.test(line)) words.push('');
    const last = words.at(-1) ?? '';
    const [name = '', ...args] = words;
    const candidates =
      args.length === 0 ? [...this.#commands.keys()] : (this.#commands.get(name)?.complete?.(args) ?? []);
    const fitting = candidates.filter((candidate) => candidate.startsWith(last) && candidate === plainText(candidate));
    return [fitting.map((candidate) => (fitting.length === 1 ? `${candidate} ` : candidate)), last];
  };

  #builtIn(): [string, PromptCommand][] {
    const help = (args: string[]): string => {
      const [name] = args;
      if (name === undefined)
        return table(Array.from(this.#commands, ([key, { summary }]) => [key, summary])).join('\n');
      const command = this.#commands.get(name);
      if (command === undefined) throw new Error(this.#unknown(name));
      return `${name}  ${command.summary}`;
    };
    return [
      [
        'help',
        {
          summary: 'this list',
          run: (args) => Promise.resolve(help(args)),
          complete: () => [...this.#commands.keys()],
        },
      ],
      [
        'quit',
        {
          summary: 'leave',
          run: () => {
            this.close();
            return Promise.resolve();
          },
        },
      ],
    ];
  }

  #unknown(name: string): string {
    const near = nearestName(name, [...this.#commands.keys()]);
    return `unknown command '${name}'${near === undefined ? "; 'help' lists them" : `; did you mean '${near}'?`}`;
  }

  #keepHistory(file: string, history: string[]): void {
    try {
      writeHistory(file, history);
    } catch {
      // A history that cannot be kept is no reason to disturb the user.
    }
  }
}
