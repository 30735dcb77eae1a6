import { describe, expect, it } from 'vitest';
import type { Wiring } from '../../src/plan/plan.ts';
import { condition, enter, evaluate, itemsOf, narrow, references } from '../../src/plan/resolve.ts';
import { from, wire } from './by-hand.ts';

describe('references', () => {
  it('lists every ref in the order it is written', () => {
    const wiring: Wiring = { $list: [from('b.x'), { $value: { $from: ['no', 'ref'] } }, wire({ z: 'a', y: 'b.x' })] };
    expect(references(wiring)).toEqual([['b', 'x'], ['a'], ['b', 'x']]);
  });
});

describe('evaluate', () => {
  const values = { a: 1, b: null };
  const read = ([name]: readonly [string, ...string[]]) => values[name as keyof typeof values];

  it('puts values where refs are, and leaves out keys whose value is absent', () => {
    const wiring = wire({ a: 'a', b: 'b', gone: 'gone', nested: wire({ gone: 'gone' }) });
    expect(evaluate(wiring, read)).toEqual({ value: { a: 1, b: null, nested: {} } });
  });
  it('refuses a hole in a list', () => {
    expect(evaluate({ $list: [from('a'), from('gone')] }, read)).toMatchObject({ fault: { code: 'WiringAbsent' } });
  });
  it('sets a key named __proto__ as a key', () => {
    const resolved = evaluate({ $object: JSON.parse('{"__proto__": {"$value": 1}}') }, read);
    expect(JSON.stringify(resolved)).toBe('{"value":{"__proto__":1}}');
  });
});

describe('enter', () => {
  it('enters own fields only; the last may be absent', () => {
    expect(enter({ a: { b: 1 } }, ['a', 'b'], 'n')).toEqual({ value: 1 });
    expect(enter({ a: {} }, ['a', 'b'], 'n')).toEqual({ value: undefined });
    expect(enter({}, ['constructor'], 'n')).toEqual({ value: undefined });
  });
  it.each([
    ['absent', {}],
    ['null', { a: null }],
    ['a list', { a: [1] }],
    ['text', { a: 'text' }],
  ])('refuses to enter %s, naming it', (_, value) => {
    const resolved = enter(value, ['a', 'length'], 'n');
    expect(resolved).toMatchObject({ fault: { code: 'WiringAbsent', message: expect.stringContaining("'n.a'") } });
  });
  it('reads in the outline of a claim what a workflow may read, and hands on the rest of it', () => {
    const inside = { 2: { at: { keep: true, parts: { length: 3 } } } };
    const claim = { $claim: 'h', bytes: 9, length: 4, at: inside };
    const items = itemsOf(claim);
    const item = 'value' in items ? items.value.item(2) : null;
    expect(item).toEqual({ $claim: 'h', path: [2], at: inside[2].at });
    expect(enter(item, ['keep'], 'item')).toEqual({ value: true });
    expect(enter(item, ['parts'], 'item')).toEqual({ value: { $claim: 'h', path: [2, 'parts'], length: 3 } });
    expect(enter(item, ['constructor'], 'item')).toEqual({ value: { $claim: 'h', path: [2, 'constructor'] } });
  });

  it('lengthens the path of a claim', () => {
    expect(enter({ a: { $claim: 'h', bytes: 9, path: [3] } }, ['a', 'b', 'c'], 'n')).toEqual({
      value: { $claim: 'h', path: [3, 'b', 'c'] },
    });
  });
});

describe('narrow', () => {
  it('follows fields through refs and written-out objects, and stops at values', () => {
    const wiring = wire({ draft: 'inner', whole: { $value: { text: 'x' } } });
    expect(narrow(wiring, ['draft', 'text'])).toEqual({ wiring: from('inner.text'), fields: [] });
    expect(narrow(wiring, ['whole', 'text'])).toEqual({ wiring: { $value: { text: 'x' } }, fields: ['text'] });
    expect(narrow(wiring, ['toString'])).toEqual({ wiring, fields: ['toString'] });
  });
});

describe('condition and itemsOf', () => {
  it.each([0, '', null, 'true', undefined, { $claim: 'h', path: [0] }])('take no %o for a boolean', (value) => {
    expect(condition(value, "'when' of 'a'")).toMatchObject({ fault: { code: 'ConditionNotBoolean' } });
  });
  it('read booleans', () => {
    expect([condition(true, ''), condition(false, '')]).toEqual([{ value: true }, { value: false }]);
  });
  it.each([{ length: 2 }, 'text', null, undefined])('take no %o for a list', (value) => {
    expect(itemsOf(value)).toMatchObject({ fault: { code: 'NotAList' } });
  });
});
