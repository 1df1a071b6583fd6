export { openScreen, type Screen, type ScreenOptions, type TerminalInput, type TerminalOutput } from './screen.js';
export { type NamedKey } from './keys.js';
export { type ScreenLine, type ScreenSize } from './frame.js';
export { openPrompt, type Prompt, type PromptCommand, type PromptOptions } from './prompt.js';
export { table, type TableOptions } from './table.js';
export { splitWords } from './words.js';
export { displayWidth, fitWidth, padWidth, plainText } from './text.js';
export { formatBytes, formatDuration, formatRate } from './format.js';
