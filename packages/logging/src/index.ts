export { createLogging, type Logging, type LoggingOptions } from './logging.js';
export { type Logger, type LogFields } from './logger.js';
export { type ConsoleFormat, type ConsoleOptions, type ConsolePrinter } from './console/console-transport.js';
export { LOG_LEVELS, isLogLevel, parseLevels, type LevelRules, type LogLevel } from './levels.js';
export { escapeUntrusted } from './escape.js';
export { type RedactionOptions } from './redaction.js';
export { LoggingError, type LoggingErrorCode } from './errors.js';
