import preset from '../../jest.preset.js';

/** Each test has its own processes. More files at once would only make all of them slow. */
export default { ...preset, maxWorkers: 2 };
