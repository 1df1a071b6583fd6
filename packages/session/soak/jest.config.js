import preset from '../../../jest.preset.js';

// Apart from the unit tests, since thousands of simulated runs take minutes.
export default { ...preset, rootDir: '..', testMatch: ['<rootDir>/soak/**/*.test.ts'], testTimeout: 3_600_000 };
