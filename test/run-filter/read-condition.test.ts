import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SluiceError } from '../../src/base/errors.ts';
import { FITTING, RUN_FIELDS, typeOfField } from '../../src/model/run-fields.ts';
import { readCondition, readSort } from '../../src/run-filter/read-condition.ts';
import { readView, savedView, writeCondition } from '../../src/run-filter/saved-view.ts';
import { whereSql } from '../../src/store/run-search.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const read = (text: string) => readCondition(text, NOW);

describe('readCondition', () => {
  it.each([
    ['latency > 2000', { field: 'latencyMs', op: '>', value: 2_000 }],
    ['latencyMs>=2.5s', { field: 'latencyMs', op: '>=', value: 2_500 }],
    ['took < 3 minutes', { field: 'latencyMs', op: '<', value: 180_000 }],
    ['cost > $0.01', { field: 'costUsd', op: '>', value: 0.01 }],
    ['thumb is down', { field: 'thumb', op: '<', value: 0 }],
    ['thumb = up', { field: 'thumb', op: '>', value: 0 }],
    ['thumb is both', { field: 'thumb', op: '=', value: 0 }],
    ['thumb is -1', { field: 'thumb', op: '=', value: -1 }],
    ['state in failed, degraded', { field: 'state', op: 'in', value: ['failed', 'degraded'] }],
    ['state in "a, b", c', { field: 'state', op: 'in', value: ['a, b', 'c'] }],
    ['tokens in 1, 2', { field: 'tokens', op: 'in', value: [1, 2] }],
    ['error is  empty', { field: 'error', op: 'is empty' }],
    ['error IS NOT EMPTY', { field: 'error', op: 'is not empty' }],
    ['state is failed', { field: 'state', op: 'is', value: 'failed' }],
    ['state is not failed', { field: 'state', op: '!=', value: 'failed' }],
    ['state IS  NOT "not failed"', { field: 'state', op: '!=', value: 'not failed' }],
    ['state is "not failed"', { field: 'state', op: 'is', value: 'not failed' }],
    ['note is nothing', { field: 'note', op: 'is', value: 'nothing' }],
    ['tokens is not 3', { field: 'tokens', op: '!=', value: 3 }],
    ['state == failed', { field: 'state', op: '=', value: 'failed' }],
    ['state!=failed', { field: 'state', op: '!=', value: 'failed' }],
    ['note contains is empty', { field: 'note', op: 'contains', value: 'is empty' }],
    ["note contains ' spaced '", { field: 'note', op: 'contains', value: ' spaced ' }],
    ['unit equals "1"', { field: 'unit', op: 'equals', value: '1' }],
    ['unit is island', { field: 'unit', op: 'is', value: 'island' }],
    ['started after 2026-02-28', { field: 'started', op: 'after', value: Date.UTC(2026, 1, 28) }],
    ['started < 2026-02-28 06:30', { field: 'started', op: 'before', value: Date.UTC(2026, 1, 28, 6, 30) }],
    ['started after 2026-02-28T06:30+02:00', { field: 'started', op: 'after', value: Date.UTC(2026, 1, 28, 4, 30) }],
    ['started after 3 hours ago', { field: 'started', op: 'after', value: NOW - 3 * 3_600_000 }],
    ['started after 7d ago', { field: 'started', op: 'after', value: NOW - 7 * 86_400_000 }],
    ['monitor:grounded:score < 0.5', { field: 'monitor:grounded:score', op: '<', value: 0.5 }],
    ['monitor:grounded:ok is false', { field: 'monitor:grounded:ok', op: '=', value: 0 }],
  ])('reads %s', (text, condition) => {
    expect(read(text)).toEqual(condition);
  });

  it.each([
    ['latencyy > 1', "runs have no field 'latencyy'", "did you mean 'latency'?"],
    ['statt is failed', "runs have no field 'statt'", "did you mean 'state'?"],
    ['zzzzzz = 1', "runs have no field 'zzzzzz'", "there is 'run', 'pipeline'"],
    ['monitor:x = 1', "runs have no field 'monitor'", 'monitor:NAME:FIELD'],
    ['state contain failed', "cannot be compared by 'contain'", "did you mean 'contains'?"],
    ['state ~ failed', "cannot be compared by '~'", 'did you mean'],
    ['state > failed', "'>' does not fit state", 'use one of contains'],
    ['started is 2026-01-01', "'is' does not fit started", 'use one of after, before'],
    ['thumb > up', "'>' does not fit a thumb that is up", 'write "thumb is up"'],
    ['latency > soon', "latencyMs is compared with 'soon'", 'give a number'],
    ['started after tea', "started is compared with 'tea'", '2026-03-01'],
    ['started after 2026-13-01', "started is compared with '2026-13-01'", '2026-03-01'],
    ['state is', "'state is' compares state with nothing", 'FIELD OPERATOR VALUE'],
    ['state is not', "'state is not' compares state with nothing", 'FIELD OPERATOR VALUE'],
    ['state', "'state' compares nothing", 'FIELD OPERATOR VALUE'],
    ['error is empty now', "'is empty' is followed by 'now'", 'leave it out'],
    ['', 'names no field', 'FIELD OPERATOR VALUE'],
    ['> 2', 'names no field', 'FIELD OPERATOR VALUE'],
  ])('refuses %s', (text, message, remedy) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'filter_invalid',
        message: expect.stringContaining(message),
        remedy: expect.stringContaining(remedy),
      }),
    );
  });

  it('refuses what is too long', () => {
    expect(() => read(`note contains ${'x'.repeat(2_000)}`)).toThrow(
      expect.objectContaining({ remedy: 'at most 2000 are read' }),
    );
  });

  const fields = fc.constantFrom(...RUN_FIELDS, 'monitor:grounded:score');
  const conditions = fields.chain((field) => {
    const type = typeOfField(field)!;
    const value: fc.Arbitrary<string | number> = {
      text: fc
        .oneof(fc.string({ minLength: 1 }), fc.constantFrom('empty', 'not', 'Not empty', 'not so', 'empty it', 'notes'))
        .filter((text) => !/^\s*(?:up|down|both)\s*$/.test(text)),
      number: fc.double({ noNaN: true, min: -1e12, max: 1e12 }).map((number) => (number === 0 ? 0 : number)),
      time: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    }[type];
    return fc.constantFrom(...FITTING[type]).chain((op) => {
      if (op.endsWith('empty')) return fc.constant({ field, op });
      if (op === 'in')
        return fc.record({ field: fc.constant(field), op: fc.constant(op), value: fc.array(value, { minLength: 1 }) });
      return fc.record({ field: fc.constant(field), op: fc.constant(op), value });
    });
  });

  it('reads what was written as the same, which the store takes', () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        const again = read(writeCondition(condition));
        expect(again).toEqual(condition);
        const isStorable = !JSON.stringify(condition).includes('\\u0000');
        if (isStorable) expect(whereSql([again], { values: [], add: () => '$1' })).not.toBe('true');
      }),
    );
  });
});

describe('writeCondition', () => {
  it('says what is no time as it stands', () => {
    expect(writeCondition({ field: 'started', op: 'after', value: 'abc' })).toBe('started after abc');
    expect(writeCondition({ field: 'started', op: 'after', value: 9e15 })).toBe('started after 9000000000000000');
  });
});

describe('readView', () => {
  it.each<[view: unknown, read: unknown]>([
    [{}, { where: [] }],
    [
      { where: [{ field: 'state', op: 'in', value: ['a', 1] }], sort: { by: 'tokens', descending: true }, more: 1 },
      { where: [{ field: 'state', op: 'in', value: ['a', 1] }], sort: { by: 'tokens', descending: true } },
    ],
    [
      { columns: ['run'], axes: { x: 'tokens', y: 'run' } },
      { where: [], columns: ['run'], axes: { x: 'tokens', y: 'run' } },
    ],
    ...[null, [], 'all', { where: {} }, { where: [null] }, { where: [{ field: 'a', op: 'is', value: {} }] }].map(
      (view): [unknown, undefined] => [view, undefined],
    ),
    ...[{ sort: 'tokens' }, { columns: 'run' }, { columns: [1] }, { axes: { x: 'run' } }].map(
      (view): [unknown, undefined] => [view, undefined],
    ),
  ])('reads %j', (view, read) => {
    expect(readView(view)).toEqual(read);
  });

  it('tells how a view is removed that is none, whatever it is called', () => {
    const remedyOf = (name: string): string => {
      try {
        savedView([], name);
      } catch (error) {
        return (error as SluiceError).remedy;
      }
      return 'none';
    };
    expect(remedyOf('`x` $y')).toContain("sluice runs views remove '`x` $y'");
    expect(remedyOf('-x')).toContain('sluice runs views remove -- -x');
  });
});

describe('readSort', () => {
  it.each([
    ['-cost', { by: 'costUsd', descending: true }],
    ['started', { by: 'started', descending: false }],
  ])('reads %s', (text, sort) => {
    expect(readSort(text)).toEqual(sort);
  });

  it('refuses what runs do not have', () => {
    expect(() => readSort('-prize')).toThrow(expect.objectContaining({ code: 'filter_invalid' }));
  });
});
