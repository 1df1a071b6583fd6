import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const within = (name, parent) => createRequire(parent).resolve(name);
const core = within('@jest/core', require.resolve('jest'));
const { TestEnvironment } = require(within('jest-environment-node', within('jest-config', core)));

/**
 * Jest's environment for Node.js, in which nothing more runs once a test has failed: one failure is
 * enough to know.
 */
export default class FailFastEnvironment extends TestEnvironment {
  #hasFailed = false;

  handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.#hasFailed = true;
    if (event.name === 'test_start' && this.#hasFailed) event.test.mode = 'skip';
  }
}
