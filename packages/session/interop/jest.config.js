import preset from '../../../jest.preset.js';

// Apart from the unit tests, since it needs root, network namespaces, /dev/net/tun, iproute2 and
// wireguard-go.
export default { ...preset, rootDir: '..', testMatch: ['<rootDir>/interop/**/*.test.ts'] };
