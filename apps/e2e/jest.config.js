import preset from '../../jest.preset.js';

/** Each test has processes of its own: more files at once would only make all of them slow. */
export default { ...preset, maxWorkers: 2 };
