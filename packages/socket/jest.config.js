import preset from '../../jest.preset.js';

// test/limited and test/namespace are run by test/surroundings.test.ts, in surroundings of their
// own.
export default { ...preset, testMatch: ['<rootDir>/test/*.test.ts'] };
