/** A key by which a user moves through what does not fit, or any other one. */
export type NamedKey = 'up' | 'down' | 'page-up' | 'page-down' | 'home' | 'end' | 'other';

/** The action that a key requests of a screen. */
export type ScreenKey = NamedKey | 'quit' | 'interrupt' | 'repaint' | 'suspend';

const KEYS: Readonly<Record<string, ScreenKey>> = {
  q: 'quit',
  Q: 'quit',
  '\x03': 'interrupt',
  '\x0c': 'repaint',
  '\x1a': 'suspend',
  k: 'up',
  j: 'down',
  // In both modes of cursor keys, and as the Linux console and screen send them.
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[5~': 'page-up',
  '\x1b[6~': 'page-down',
  '\x1b[H': 'home',
  '\x1bOH': 'home',
  '\x1b[1~': 'home',
  '\x1b[F': 'end',
  '\x1bOF': 'end',
  '\x1b[4~': 'end',
};

/**
 * The keys among the bytes of a terminal in raw mode. Escape sequences without a name are left
 * out: a terminal may send them by itself.
 */
export function keysOf(text: string): ScreenKey[] {
  const parts = text.match(/\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?|[^]/gu) ?? [];
  return parts.flatMap((part) => KEYS[part] ?? (part.startsWith('\x1b') ? [] : ['other' as const]));
}
