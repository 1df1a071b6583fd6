/** The action that a key requests of a screen. */
export type ScreenKey = 'quit' | 'repaint' | 'suspend';

const KEYS: Readonly<Record<string, ScreenKey>> = {
  q: 'quit',
  Q: 'quit',
  '\x03': 'quit',
  '\x0c': 'repaint',
  '\x1a': 'suspend',
};

/**
 * The keys with a meaning among the bytes of a terminal in raw mode; escape sequences (arrows and
 * the like) have none.
 */
export function keysOf(text: string): ScreenKey[] {
  const plain = text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?/gs, '');
  return Array.from(plain, (character) => KEYS[character]).filter((key) => key !== undefined);
}
