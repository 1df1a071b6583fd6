import { describe, expect, test } from '@jest/globals';
import { logRecords } from '../support/log-records.js';
import { Stage } from '../support/started.js';
import { until } from '../support/until.js';

const stage = new Stage();

function beBusy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) Math.sqrt(end);
}

describe('a server that is busy', () => {
  test('logs a warning, and information once that is over', async () => {
    const logDir = stage.newPath();
    const running = await stage.server({ 'log-dir': logDir, 'log-level': 'info' });
    while (running.own.status().load === 'normal') {
      beBusy(300);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => running.own.status().load === 'normal');
    await running.close();
    const changes = logRecords(logDir).filter(({ message }) => message === 'load changed');
    expect(changes.length).toBeGreaterThanOrEqual(2);
    for (const { level, state } of changes) expect(level).toBe(state === 'normal' ? 'info' : 'warn');
    expect(changes[0]).toMatchObject({ level: 'warn', eventLoopUtilization: expect.any(Number) });
    expect(changes.at(-1)).toMatchObject({ level: 'info', state: 'normal' });
  });
});
