import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const NOON = Date.UTC(2026, 2, 1, 12);

/** Evaluates an expression over a module of the sources in a process of its own, whose time zone is set. */
function inZone(zone: string, file: string, expression: string): unknown {
  const script = `const it = await import('./${file}'); process.stdout.write(JSON.stringify(${expression}));`;
  const options = { cwd: ROOT, encoding: 'utf8', env: { ...process.env, TZ: zone } } as const;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], options));
}

describe('times for people', () => {
  it.each([
    ['UTC', '2026-03-01 12:00:00 UTC'],
    ['Europe/Berlin', '2026-03-01 13:00:00 CET'],
    ['Asia/Kolkata', '2026-03-01 17:30:00 GMT+5:30'],
  ])('are local with their zone in the terminal: %s', (zone, shown) => {
    expect(inZone(zone, 'src/cli/text.ts', `it.showTime(${NOON})`)).toBe(shown);
  });

  it('are local with their zone on screens, in reports of experiments and of evaluations', () => {
    const zone = 'Europe/Berlin';
    expect(inZone(zone, 'dashboard/format.ts', `it.time(${NOON})`)).toBe('2026-03-01 13:00:00 CET');
    expect(inZone(zone, 'dashboard/format.ts', `it.dayAndTime(${NOON})`)).toBe('2026-03-01 13:00 CET');
    expect(inZone(zone, 'src/experiment/report-text.ts', `it.showTime(${NOON})`)).toBe('2026-03-01 13:00 CET');
    expect(inZone(zone, 'src/evaluation/report/facts.ts', `it.showTime(${NOON})`)).toBe('2026-03-01 13:00 CET');
  });

  it('leave out the day only where it is today, by the local calendar', () => {
    const late = Date.UTC(2026, 2, 1, 23, 30);
    const early = Date.UTC(2026, 2, 2, 0, 30);
    const shown = (zone: string) => inZone(zone, 'src/base/local-time.ts', `it.localTimeToday(${late}, ${early})`);
    expect(shown('UTC')).toBe('2026-03-01 23:30:00 UTC');
    expect(shown('Europe/Berlin')).toBe('00:30:00 CET');
  });
});
