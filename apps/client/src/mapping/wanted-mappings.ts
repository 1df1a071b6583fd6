/** All mappings of a configuration, and what they must not want together. */
import { isUnspecifiedAddress } from '@relay/packet';
import { EXIT, formatHostPorts, ProgramFailure, type AddressPorts } from '@relay/program';
import { forwardText, listenPortsOf, type ForwardMapping } from './forward-format.js';
import { ALL_ADDRESSES, publicPortsOf, publishText, type PublishMapping } from './publish-format.js';

/** The mappings of a configuration, by mode. */
export interface WantedMappings {
  readonly forward: readonly ForwardMapping[];
  readonly publish: readonly PublishMapping[];
}

/**
 * Throws a ProgramFailure if there is no mapping, if two have the same name, or if two want the
 * same local or public port.
 */
export function checkMappings(wanted: WantedMappings): void {
  const { forward, publish } = wanted;
  if (forward.length + publish.length === 0)
    throw new ProgramFailure(
      EXIT.usage,
      'nothing to do: give at least one --forward [LISTEN=]TARGET, such as 5353=1.1.1.1:53, or one --publish [PUBLIC=]LOCAL, such as 27015',
    );
  checkTogether(wanted);
}

/** Throws a ProgramFailure if two mappings exclude each other. There may be none. */
export function checkTogether({ forward, publish }: WantedMappings): void {
  checkNames([
    ...forward.map((mapping) => ({ mode: 'forward', name: mapping.name, text: forwardText(mapping) })),
    ...publish.map((mapping) => ({ mode: 'publish', name: mapping.name, text: publishText(mapping) })),
  ]);
  checkLocalPorts(forward);
  checkPublicPorts(publish);
}

interface Named {
  readonly mode: string;
  /** Undefined: the text is the name. */
  readonly name: string | undefined;
  readonly text: string;
}

function checkNames(mappings: readonly Named[]): void {
  for (const mapping of mappings) {
    const { name, mode, text } = mapping;
    const other = mappings.find((one) => one !== mapping && name !== undefined && (one.name ?? one.text) === name);
    if (other !== undefined)
      throw new ProgramFailure(
        EXIT.usage,
        `two mappings have the name ${JSON.stringify(name)}: ${mode} ${text} and ${other.mode} ${other.text}; give each a name of its own`,
      );
  }
}

function checkLocalPorts(forward: readonly ForwardMapping[]): void {
  for (const [i, mapping] of forward.entries()) {
    const ports = listenPortsOf(mapping);
    const before = forward.slice(0, i).findIndex((other) => doListenersMeet(listenPortsOf(other), ports));
    const other = forward[before];
    if (other === undefined) continue;
    const port = Math.max(ports.first, listenPortsOf(other).first);
    const where = formatHostPorts(ports.address, { first: port, last: port });
    throw new ProgramFailure(
      EXIT.usage,
      `forward[${before}] and forward[${i}] both listen on ${where}: ${forwardText(other)} and ${forwardText(mapping)}; give each ports of its own`,
    );
  }
}

function checkPublicPorts(publish: readonly PublishMapping[]): void {
  for (const [i, mapping] of publish.entries()) {
    const ports = publicPortsOf(mapping);
    const other = publish.slice(0, i).find((before) => overlap(publicPortsOf(before), ports));
    if (other === undefined) continue;
    const port = Math.max(ports.first, publicPortsOf(other).first);
    throw new ProgramFailure(
      EXIT.usage,
      `two mappings want port ${port} of the server: publish ${publishText(other)} and publish ${publishText(mapping)}; give each ports of its own`,
    );
  }
}

/** Whether two listeners have a port in common. Port 0 is never the same; `[::]` hears IPv4 too. */
function doListenersMeet(one: AddressPorts, other: AddressPorts): boolean {
  if (one.first === 0 || other.first === 0 || one.first > other.last || other.first > one.last) return false;
  if (one.address === other.address) return true;
  const takes = (all: string, address: string): boolean =>
    isUnspecifiedAddress(all) && (all === '::' || !address.includes(':') || isUnspecifiedAddress(address));
  return takes(one.address, other.address) || takes(other.address, one.address);
}

/** Whether two mappings want the same public port. Port 0 is never the same. */
export function overlap(one: AddressPorts, other: AddressPorts): boolean {
  if (one.first === 0 || other.first === 0 || one.first > other.last || other.first > one.last) return false;
  return one.address === other.address || one.address === ALL_ADDRESSES || other.address === ALL_ADDRESSES;
}
