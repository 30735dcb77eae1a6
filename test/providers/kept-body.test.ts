/** What is kept of requests and replies: bounded, whole where that fits, and redacted before it is cut. */
import { expect, test } from 'vitest';
import { StepFailure } from '../../src/boundary/failure.ts';
import { bounded, errorOf, KEPT_BYTES, keptOf } from '../../src/models/paid-call.ts';
import type { Json } from '../../src/plan/plan.ts';

const bytes = (value: Json) => Buffer.byteLength(JSON.stringify(value));

test('what fits is kept as it is', () => {
  const value = { messages: [{ role: 'user', content: 'x'.repeat(60_000) }] };
  expect(bounded(value)).toBe(value);
});

test('what does not is cut where it is longest, and says so', () => {
  const system = 'Be short.';
  const cut = bounded({ messages: [{ content: system }, { content: 'ä'.repeat(100_000) }] }) as {
    messages: readonly { content: string }[];
  };
  expect(cut.messages[0]!.content).toBe(system);
  expect(cut.messages[1]!.content).toMatch(/^ä+ \(and \d+ characters more\)$/);
  expect(bytes(cut)).toBeLessThanOrEqual(KEPT_BYTES);
});

test('however it is large, it ends up small', () => {
  const many = Array.from({ length: 20_000 }, (_, n) => n);
  const keys = Object.fromEntries(many.map((n) => [`key-${n}`, n]));
  const deep = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => 'a text'));
  for (const value of [many, keys, deep, { texts: many.map((n) => `text ${n}`) }])
    expect(bytes(bounded(value))).toBeLessThanOrEqual(KEPT_BYTES);
  const long = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n}${'k'.repeat(9_000)}`, n]));
  expect(bounded(long)).toEqual({ left_out: expect.stringContaining('bytes') });
});

test('redaction sees the whole, and storage no half of a character', () => {
  const seen: Json[] = [];
  const redact = (value: Json) => {
    seen.push(value);
    return JSON.parse(JSON.stringify(value).replaceAll('secret', '[redacted]')) as Json;
  };
  const text = `${'x'.repeat(32_766)}secret${'x'.repeat(70_000)}`;
  const kept = JSON.stringify(keptOf({ text, half: '\uD800\0', left: undefined }, redact));
  expect(seen).toHaveLength(1);
  expect(kept).not.toContain('secr');
  expect(kept).not.toMatch(/left|\\u0000|\\ud800/);
  expect(keptOf(undefined)).toBeUndefined();
});

test('a failure is told by its code and message alone', () => {
  const data = { header: 'Bearer of secrets' };
  const failure = new StepFailure('overloaded', { message: 'busy', remedy: 'wait', retryable: true, data });
  expect(errorOf(failure)).toEqual({ code: 'overloaded', message: 'busy' });
  expect(errorOf(new TypeError('odd'))).toEqual({ code: 'TypeError', message: 'odd' });
  expect(errorOf('said')).toEqual({ code: 'Error', message: 'said' });
});
