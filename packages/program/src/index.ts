export { EXIT, ProgramFailure, type ExitCode } from './exit-code.js';
export { runCommandLine, type CommandLine } from './command-line.js';
export { runProgram, type RunOptions } from './run-program.js';
export { onReloadSignal, untilStopped } from './signals.js';
export { commonOptions, packetBytes, socketOptions } from './options.js';
export { openLogs, type LogSettings } from './logs.js';
export { listenFailure } from './listen-failure.js';
export { guarded, repeat, type FaultLog } from './periodic.js';
export {
  descriptorRoom,
  flowsThatFit,
  parseDescriptorLimit,
  socketsThatFit,
  warnOfFlows,
  warnOfPorts,
  type DescriptorRoom,
} from './descriptors/limit.js';
export { DescriptorReserve, type DescriptorSource } from './descriptors/reserve.js';
export { HealthMonitor, type Health } from './health.js';
export { openAdminServer, type AdminCalls, type AdminServer } from './admin/admin-server.js';
export { askAdmin, isNotRunning, type AdminAnswer, type AdminQuestion } from './admin/admin-client.js';
export { Loop, type LoopWork } from './loop.js';
export { monotonicMs, thisMachine, type Cancel, type Machine } from './machine.js';
export { assertFileIsRight, configured, formatValues, type Flags } from './configured.js';
export { LoadMonitor, loadState, type LoadState } from './load-monitor.js';
export { LOG_LEVEL_WORDS, openLivePrompt, openLiveScreen, promptCommand, type LiveView } from './live-view.js';
export { Rates, type Counts } from './rates.js';
export { dropLines, trafficLines, type DirectionFigures } from './traffic-lines.js';
export { defaultStatePath } from './state-path.js';
export { changeLevel } from './change-level.js';
export { completionCommand } from './commands/completion-command.js';
export { configCommand } from './commands/config-command.js';
export { printResult } from './commands/print.js';
export { statusCommand, type StatusCommandOptions } from './commands/status-command.js';
export { packetDirections, packetFigures, type PacketFigures } from './packet-figures.js';
export { healthLine } from './health-line.js';
export { LiveConfiguration } from './live-configuration.js';
