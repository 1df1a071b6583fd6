/** All options of `relay-client start`. No other file defines any. */
import { defineSchema, option, refuse, type Format } from '@relay/config';
import { commonOptions, packetBytes, socketOptions } from '@relay/program';
import { parseInvitation, type Invitation } from '@relay/session';
import { forwardMapping } from './mapping/forward-format.js';
import { publishMapping } from './mapping/publish-format.js';

const invitation: Format<Invitation> = {
  name: 'invitation',
  expected: 'an invitation, as relay-server invite NAME prints it: relay://KEY@HOST:PORT?server=KEY&name=NAME',
  parse(value) {
    const parsed = typeof value === 'string' ? parseInvitation(value) : 'expected a text';
    return typeof parsed === 'string' ? refuse(`${invitation.expected} (${parsed})`) : parsed;
  },
};

export const clientOptions = {
  server: option({
    format: invitation,
    alias: 's',
    secret: true,
    doc: 'The invitation. Other users of this machine can read argument lists: RELAY_SERVER or the configuration file keep it to yourself',
  }),
  forward: option({
    format: forwardMapping,
    alias: 'f',
    array: true,
    live: true,
    doc: '[LISTEN=]TARGET[;key=value]…: carry datagrams from a local port to a target beyond the server',
  }),
  publish: option({
    format: publishMapping,
    alias: 'p',
    array: true,
    live: true,
    doc: '[PUBLIC=]LOCAL[;key=value]…: carry datagrams from a port of the server to a service beside the client',
  }),
  ...commonOptions,
  ...socketOptions,
  maxPacket: option({
    format: packetBytes,
    default: 1452,
    doc: 'Largest packet to the server in bytes of UDP payload; larger datagrams travel in fragments. 1452 fits Ethernet with IPv6',
  }),
} as const;

export const CLIENT_NAMES = { program: 'relay-client', environmentPrefix: 'RELAY_' };

export const clientSchema = defineSchema(clientOptions, CLIENT_NAMES);
