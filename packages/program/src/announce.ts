/** The lines on stdout that scripts wait for, such as `relay-server ready on 127.0.0.1:7878`. */

let printer: ((line: string) => void) | undefined;

/** Writes a line to stdout, or hands it to the screen or prompt that owns the terminal. */
export function announce(line: string): void {
  if (printer === undefined) process.stdout.write(`${line}\n`);
  else printer(line);
}

/** Hands announced lines to a screen or prompt from now on, until called without one. */
export function redirectAnnouncements(to?: (line: string) => void): void {
  printer = to;
}
