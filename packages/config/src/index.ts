export { defineSchema, option } from './schema.js';
export type {
  Data,
  FlatValuesOf,
  Option,
  OptionDefinition,
  OptionTree,
  Schema,
  SchemaNames,
  PlacedOption,
  ValueOf,
  Values,
  ValuesOf,
} from './schema.js';
export { checkFile, loadConfiguration } from './configuration.js';
export type { Configuration, Inputs, SettingSource } from './configuration.js';
export { differences } from './difference.js';
export type { Difference } from './difference.js';
export { watchConfiguration } from './watch.js';
export type { Change, ConfigurationWatcher, WatchListener } from './watch.js';
export { formatConfiguration, writtenValues } from './written.js';
export { formatSources } from './sources.js';
export { jsonSchema } from './json-schema.js';
export { referenceMarkdown } from './reference.js';
export type { ReferenceOptions } from './reference.js';
export type { Environment } from './layer/environment.js';
export type { Origin } from './layer/setting.js';
export { ConfigurationError } from './problem.js';
export type { Problem, ProblemKind } from './problem.js';
export { refuse, Refusal } from './refusal.js';
export type { Flaw } from './refusal.js';
export { suggestionFor } from './suggestion.js';
export { describeDefault, yargsOptions } from './yargs.js';
export type { YargsOption } from './yargs.js';
export { valueNameOf } from './format/format.js';
export type { Bounds, Completion, Field, Form, Format, JsonSchema } from './format/format.js';
export { FORMATS } from './format/named.js';
export type { FormatLike, ValueOfFormat } from './format/named.js';
export { decimal, integer, port } from './format/number.js';
export { bitRate, bytes, duration, rate } from './format/quantity.js';
export { choice, path, text } from './format/text.js';
export type { TextRules } from './format/text.js';
export type { Cidr } from './format/address.js';
export type { Endpoint, EndpointRange, Host, HostEndpoint, HostEndpointRange, PortRange } from './format/endpoint.js';
export { list } from './format/list.js';
export { table } from './format/table.js';
export type { TableRules } from './format/table.js';
