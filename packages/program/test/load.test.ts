import { cpus } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { EXIT, HealthMonitor, LoadMonitor, openLogs, type Health, type LoadState } from '../src/index.js';
import { until } from './until.js';

function beBusy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) Math.sqrt(end);
}

describe('the load monitor', () => {
  test('reports each change of the state once, with the figures behind it', async () => {
    const told: { readonly state: LoadState; readonly health: Health }[] = [];
    const monitor = new LoadMonitor({ error: () => undefined }, (state, health) => told.push({ state, health }));
    expect(monitor.state).toBe('normal');
    expect(monitor.health).toMatchObject({ eventLoopUtilization: 0, cpu: 0 });
    // Two measurements pass while nothing happens. The first state is no change.
    const first = monitor.health;
    await until(() => monitor.health !== first);
    const second = monitor.health;
    await until(() => monitor.health !== second);
    for (let rounds = 0; told.length === 0 && rounds < 60; rounds++) {
      beBusy(300);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told.length).toBeGreaterThan(0);
    await until(() => monitor.state === 'normal');
    monitor.close();
    const states: LoadState[] = ['normal', ...told.map(({ state }) => state)];
    for (const [i, state] of states.entries()) expect(state).not.toBe(states[i + 1]);
    expect(told[0]?.health.eventLoopUtilization).toBeGreaterThan(0.8);
    expect(told.at(-1)?.health).toBe(monitor.health);
  });
});

describe('the health monitor', () => {
  test('counts the processor time per second of wall time', () => {
    const monitor = new HealthMonitor();
    monitor.measure();
    const [beginMs, begin] = [performance.now(), process.cpuUsage()];
    beBusy(300);
    const used = process.cpuUsage(begin);
    const passedMs = performance.now() - beginMs;
    const { cpu } = monitor.measure();
    monitor.close();
    const measured = (used.user + used.system) / 1000 / passedMs;
    expect(cpu).toBeGreaterThan(measured / 2);
    expect(cpu).toBeLessThan(measured * 2 + 0.5);
    expect(cpu).toBeLessThanOrEqual(cpus().length + 1);
  });
});

describe('the limit of all log files', () => {
  const settings = { logLevel: 'info', logFormat: 'json', logMaxFile: 65_536, logMaxFiles: 3 } as const;

  test('is at least four times the largest file', async () => {
    await openLogs({ ...settings, logMaxTotal: 4 * 65_536 }).close();
    expect(() => openLogs({ ...settings, logMaxTotal: 4 * 65_536 - 1 })).toThrow(
      expect.objectContaining({ exitCode: EXIT.usage }),
    );
  });
});
