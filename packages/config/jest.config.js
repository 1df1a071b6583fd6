import preset from '../../jest.preset.js';

// Properties take their time on a busy machine.
export default { ...preset, testTimeout: 30_000 };
