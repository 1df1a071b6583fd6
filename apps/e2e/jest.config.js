import preset from '../../jest.preset.js';

/** Real processes take their time on a busy machine. */
export default { ...preset, testTimeout: 30_000, maxWorkers: 2 };
