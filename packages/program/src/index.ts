export { EXIT, ProgramFailure, type ExitCode } from './exit-code.js';
export { runCommandLine, type CommandLine } from './command-line.js';
export { type Command, type CommandWord, type Example } from './command/command.js';
export { completionScript, type Shell } from './command/shells.js';
export { runProgram, type RunOptions } from './run-program.js';
export { onReloadSignal, untilStopped } from './signals.js';
export { commonOptions, flowSocket, packetBytes, socketOptions } from './options.js';
export { openLogs, type LogSettings } from './logs.js';
export { ListenFailure, listenFailure } from './listen-failure.js';
export { commandOf, shellWord, type OwnStart, type RelayProgram } from './own-command.js';
export { closePorts, openPorts } from './open-ports.js';
export { Pace } from './pace.js';
export { systemReason } from './system-reason.js';
export { chosenEngine } from './chosen-engine.js';
export { coalesced } from './coalesced.js';
export { guarded, repeat, type FaultLog } from './periodic.js';
export {
  descriptorRoom,
  flowSockets,
  parseDescriptorLimit,
  socketsThatFit,
  warnOfFlows,
  warnOfPorts,
  type DescriptorRoom,
} from './descriptors/limit.js';
export { DescriptorReserve, type DescriptorSource } from './descriptors/reserve.js';
export { HealthMonitor, type Health } from './health.js';
export { openAdminServer, type AdminCalls, type AdminServer } from './admin/admin-server.js';
export { isListening, MAX_SOCKET_PATH_BYTES } from './admin/listening.js';
export { askAdmin, isNotRunning, type AdminAnswer, type AdminQuestion } from './admin/admin-client.js';
export { Loop, type LoopWork } from './loop.js';
export { monotonicMs, thisMachine, type Cancel, type Machine } from './machine.js';
export { queryName, type NameAddresses, type NameAnswer } from './query-name.js';
export { assertFileIsRight, configured, type Flags } from './configured.js';
export { portsThatFit } from './descriptors/ports.js';
export { LoadMonitor, loadState, type LoadState } from './load-monitor.js';
export { announce } from './announce.js';
export { openLivePrompt, openLiveScreen, type LiveView } from './live-view.js';
export { Rates, type Counts } from './rates.js';
export { dropLines, trafficLines, type DirectionFigures } from './traffic-lines.js';
export { defaultStatePath } from './state-path.js';
export { changeLevel } from './change-level.js';
export { completionCommand } from './commands/completion-command.js';
export { configCommand } from './commands/config-command.js';
export { printResult } from './commands/print.js';
export {
  adminCalls,
  promptWords,
  verb,
  type AdminPlace,
  type AloneWork,
  type CommandDoor,
  type Lines,
  type Verb,
  type VerbDefinition,
} from './verb/verb.js';
export { type ParametersOf, type ParameterTree } from './verb/parameters.js';
export {
  packetDirections,
  unknownDrops,
  packetFigures,
  type CountedPackets,
  type PacketFigures,
} from './packet-figures.js';
export { healthLine } from './health-line.js';
export { DEFAULT_IDLE_MS, DEFAULT_MAX_FLOWS, mappingKeys, type MappingSettings } from './mapping/mapping-keys.js';
export { publicKeys, type PublicSettings } from './mapping/public-keys.js';
export {
  addressPorts,
  flawOfOpened,
  formatHostPorts,
  formatPorts,
  hostPorts,
  LOOPBACK,
  portCount,
  type AddressPorts,
  type HostPorts,
} from './mapping/port-range.js';
export { perSecond } from './mapping/per-second.js';
export { LiveConfiguration, type PendingSetting } from './live-configuration.js';
export { metricsOf, processFigures, type ProgramStatus, type RunningStatus } from './program-status.js';
export { Frame } from './service/frame.js';
export { Service, type Program, type RunningProgram, type ServiceSettings, type Work } from './service/service.js';
export { startCommand } from './service/start-command.js';
export { logVerb, reloadVerb, statusVerb, stopVerb } from './service/verbs.js';
