import { duration, defineSchema, integer, option, refuse, table } from '../src/index.js';

/** The options of a program as large as the relay's own, with every kind of format. */
export const forward = table(
  {
    listen: option({ format: 'endpointRange', doc: 'Where the application sends.' }),
    target: option({ format: 'hostEndpointRange', required: true, doc: 'What is reached beyond the server.' }),
    idle: option({ format: duration({ min: 1000 }), default: '120s', doc: 'How long a silent flow is kept.' }),
    maxFlows: option({ format: integer({ min: 1 }), default: 4096, doc: 'Most flows at once.' }),
  },
  {
    name: 'forward',
    expected: 'a forward such as 127.0.0.1:5353=192.0.2.1:53 or example.com:53',
    parseText(text) {
      const parts = text.split('=');
      const [target, listen] = parts.reverse();
      if (parts.length > 2 || target === undefined) return refuse('[LISTEN=]TARGET');
      return listen === undefined ? { target } : { listen, target };
    },
  },
);

const upstream = table(
  {
    name: option({ format: 'string', required: true, doc: 'Its name in metrics.' }),
    token: option({ format: 'string', required: true, secret: true, doc: 'What it asks for.' }),
  },
  { expected: 'an upstream' },
);

export const schema = defineSchema(
  {
    config: option({ format: 'path', doc: 'The configuration file.', alias: 'c', file: false }),
    listen: option({ format: 'endpoint', default: '[::]:7878', doc: 'Where clients reach the server.' }),
    public: option({ format: 'host', doc: 'What invitations name.' }),
    state: option({
      format: 'directory',
      default: '/var/lib/relay',
      defaultDoc: '~/.local/state/relay',
      doc: 'Keys and clients.',
    }),
    server: option({ format: 'string', secret: true, required: true, alias: 's', doc: 'The invitation.' }),
    forward: option({
      format: forward,
      array: true,
      live: true,
      alias: 'f',
      group: 'Mappings',
      doc: 'What is carried.',
    }),
    upstreams: option({
      format: upstream,
      array: true,
      flag: false,
      environment: false,
      group: 'Mappings',
      doc: 'Who is asked.',
    }),
    allow: option({ format: 'cidr', array: true, live: true, group: 'Mappings', doc: 'Blocks that may be reached.' }),
    publish: option({ format: 'ports', group: 'Mappings', doc: 'Ports that may be published.' }),
    engine: option({ format: ['auto', 'native', 'dgram'], default: 'auto', doc: 'How sockets talk to the kernel.' }),
    metrics: option({ format: 'hostEndpoint', doc: 'Where figures are sent.' }),
    peer: option({ format: 'address', doc: 'The other server.' }),
    interactive: option({ format: 'boolean', default: false, alias: 'i', file: false, doc: 'Ask for commands.' }),
    logLevel: option({ format: 'level', default: 'info', live: true, group: 'Logs', doc: 'How much is logged.' }),
    logFile: option({ format: 'path', group: 'Logs', doc: "Where it's logged." }),
    limits: {
      sessions: option({
        format: integer({ min: 1, max: 1_000_000 }),
        default: 1000,
        live: true,
        doc: 'Most sessions.',
      }),
      loadShed: option({
        format: 'decimal',
        default: 0.9,
        live: true,
        doc: 'From which load on new sessions are refused.',
      }),
      handshakes: option({ format: 'rate', default: '1k/s', live: true, doc: 'Most handshakes.' }),
      bandwidth: option({ format: 'bitRate', doc: 'Most that one client may send.' }),
    },
    buffers: {
      receive: option({ format: 'bytes', default: '4MiB', doc: "The kernel's receive buffer." }),
      queue: option({ format: 'bytes', default: 65536, doc: 'What waits to be sent.' }),
    },
    idle: option({ format: 'duration', default: '2m', live: true, doc: 'How long a silent session is kept.' }),
    port: option({ format: 'port', default: 9100, doc: 'Where metrics are read.' }),
    tags: option({ format: 'list', default: ['relay'], live: true, doc: 'Words for metrics.' }),
    verbose: option({ format: 'boolean', default: false, doc: 'Say more.' }),
  },
  { program: 'relay-demo', environmentPrefix: 'RELAY_' },
);

/** A file in which every option that a file may have is set to something other than its default. */
export const everyOption = {
  listen: '127.0.0.1:7000',
  public: 'relay.example.com',
  state: '/srv/relay',
  server: 'relay://KEY@192.0.2.1:7878',
  forward: [
    '127.0.0.1:5353=192.0.2.1:53',
    { target: 'example.com:27000-27010', listen: '[::1]:27000-27010', idle: '30s', maxFlows: 10 },
  ],
  upstreams: [{ name: 'one', token: 'hush' }],
  allow: ['10.0.0.0/8', '2001:db8::/32'],
  publish: '53,27000-27100',
  engine: 'dgram',
  metrics: '[2001:db8::1]:9000',
  peer: '192.0.2.7',
  logLevel: 'debug,session=trace',
  logFile: '/var/log/relay.log',
  limits: { sessions: 5, loadShed: 0.5, handshakes: '30/min', bandwidth: '10Mbit/s' },
  buffers: { receive: '64KiB', queue: 1500 },
  idle: '1h30m',
  port: 9200,
  tags: ['one', 'two'],
  verbose: true,
};
