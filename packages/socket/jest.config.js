import preset from '../../jest.preset.js';

// test/surroundings.test.ts runs test/limited and test/namespace in special surroundings.
export default { ...preset, testMatch: ['<rootDir>/test/*.test.ts'] };
