import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { said } from '../dashboard/screens/runs/condition-words.ts';
import {
  count,
  shortJson,
  shortNumber,
  showDuration,
  showMoney,
  showPercent,
  showSpan,
  showTime,
  showWhole,
} from '../src/base/format.ts';

const ROOT = join(import.meta.dirname, '..');
const NOON = Date.UTC(2026, 2, 1, 12);

/** Evaluates an expression over the module in a process of its own, whose time zone is set. */
function inZone(zone: string, expression: string): unknown {
  const script = `const it = await import('./src/base/format.ts'); process.stdout.write(JSON.stringify(${expression}));`;
  const options = { cwd: ROOT, encoding: 'utf8', env: { ...process.env, TZ: zone } } as const;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], options));
}

describe('showDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '0.4 ms'],
    [999, '999 ms'],
    [1_200, '1.2 s'],
    [9_949, '9.9 s'],
    [38_400, '38 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
    [null, '–'],
  ])('%o > is %s', (durationMs, text) => expect(showDuration(durationMs)).toBe(text));
});

describe('showSpan', () => {
  it.each([
    [1, '1 ms'],
    [1_000, '1 second'],
    [90_000, '90 seconds'],
    [3_600_000, '1 hour'],
    [5_400_000, '90 minutes'],
    [86_400_000, '1 day'],
    [36 * 3_600_000, '36 hours'],
    [14 * 86_400_000, '14 days'],
  ])('%d ms > is %s', (ms, text) => expect(showSpan(ms)).toBe(text));
});

describe('numbers', () => {
  it('showMoney > an unknown cost is a dash, not $0', () => {
    expect([null, 0, 0.001_234, 0.000_000_05, 12.3, 1234.5].map(showMoney)).toEqual([
      '–',
      '$0',
      '$0.00123',
      '$0.00000005',
      '$12.30',
      '$1,234.50',
    ]);
  });

  it('showPercent > has three significant digits', () => {
    expect([null, 0.2, 1 / 3, 0.0012345].map(showPercent)).toEqual(['–', '20 %', '33.3 %', '0.123 %']);
  });

  it('count and showWhole > group the digits of large numbers', () => {
    expect([count(1, 'page'), count(2_163, 'passage'), showWhole(2_163)]).toEqual([
      '1 page',
      '2,163 passages',
      '2,163',
    ]);
  });

  it.each([
    [2 / 3, '0.667'],
    [-1 / 3, '-0.333'],
    [1234.5678, '1235'],
    [12_345_678, '12345678'],
    [0.000123456, '0.000123'],
    [0, '0'],
  ])('shortNumber > writes %f with three significant digits, and whole numbers whole', (value, shown) => {
    expect(shortNumber(value)).toBe(shown);
  });

  it('shortJson > shortens the numbers within a score', () => {
    expect(shortJson({ correct: 2 / 3, why: 'it cites 1.23456', of: [1 / 3] })).toBe(
      '{"correct":0.667,"why":"it cites 1.23456","of":[0.333]}',
    );
  });

  it('the filter of runs > shows a drawn limit in a few digits', () => {
    expect(said({ field: 'latencyMs', op: '>=', value: 0.6666666666666666 })).toMatch(/ >= 0\.667$/);
    expect(said({ field: 'question', op: 'contains', value: '0.6666666666666666' })).toMatch(/0\.6666666666666666$/);
  });
});

describe('showTime', () => {
  it.each([
    ['UTC', '2026-03-01 12:00:00 UTC'],
    ['Europe/Berlin', '2026-03-01 13:00:00 CET'],
    ['Asia/Kolkata', '2026-03-01 17:30:00 GMT+5:30'],
  ])('is local with its zone: %s', (zone, shown) => {
    expect(inZone(zone, `it.showTime(${NOON})`)).toBe(shown);
  });

  it('leaves out the seconds in reports, and an unknown time is a dash', () => {
    expect(inZone('Europe/Berlin', `it.showTime(${NOON}, 'minutes')`)).toBe('2026-03-01 13:00 CET');
    expect(showTime(null)).toBe('–');
  });

  it('showTimeToday > leaves out the day only where it is today, by the local calendar', () => {
    const late = Date.UTC(2026, 2, 1, 23, 30);
    const early = Date.UTC(2026, 2, 2, 0, 30);
    const shown = (zone: string) => inZone(zone, `it.showTimeToday(${late}, ${early})`);
    expect(shown('UTC')).toBe('2026-03-01 23:30:00 UTC');
    expect(shown('Europe/Berlin')).toBe('00:30:00 CET');
  });
});
