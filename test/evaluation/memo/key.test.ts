import { describe, expect, it } from 'vitest';
import { type MemoSubject, memoKey } from '../../../src/evaluation/memo-host.ts';

const subject: MemoSubject = {
  step: 'rerank@2',
  digest: 'd',
  config: { topN: 8, model: 'local/lexical' },
  input: { query: 'why?', passages: [{ id: 'p', score: 0.5 }] },
  snapshot: 'docs@3',
  slot: '1',
};

describe('the key of a call', () => {
  it('is 64 hex digits, and does not depend on the order of keys', () => {
    const turned = {
      ...subject,
      config: { model: 'local/lexical', topN: 8 },
      input: { passages: [{ score: 0.5, id: 'p' }], query: 'why?' },
    };
    expect(memoKey(subject)).toMatch(/^[0-9a-f]{64}$/);
    expect(memoKey(turned)).toBe(memoKey(subject));
  });

  it('differs where anything does that the outcome may depend on', () => {
    const others: Partial<MemoSubject>[] = [
      { step: 'rerank@3' },
      { digest: 'e' },
      { config: { topN: 9, model: 'local/lexical' } },
      { input: { query: 'why?', passages: [] } },
      { snapshot: 'docs@4' },
      { snapshot: null },
      { slot: '2' },
    ];
    const keys = [subject, ...others.map((other) => ({ ...subject, ...other }))].map(memoKey);
    expect(new Set(keys).size).toBe(others.length + 1);
  });

  it('refuses what JSON cannot hold', () => {
    expect(() => memoKey({ ...subject, input: { x: Number.NaN } })).toThrowError(/canonical/);
  });
});
