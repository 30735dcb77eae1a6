/**
 * The contract, through the same door as outside programs: reference figures from scipy, statsmodels, scikit-learn and
 * others, and the edge rules. `data/reference-cases.json` has one or more cases of every kind; `data/cross-checks.json`
 * has random inputs answered by independent implementations.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answerLine, KIND_NAMES } from '../../src/stats/stats-case.ts';

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly input: unknown;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly tol: { readonly rel?: number; readonly abs?: number };
  readonly note: string;
}

function casesIn(name: string): readonly Case[] {
  return JSON.parse(readFileSync(new URL(`data/${name}`, import.meta.url), 'utf8')).cases;
}

/** Where two values differ by more than the tolerance, as paths. */
function mismatches(wanted: unknown, got: unknown, tol: Case['tol'], path: string): readonly string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(got) || got.length !== wanted.length) return [`${path}: wanted ${wanted}, got ${got}`];
    return wanted.flatMap((item, index) => mismatches(item, got[index], tol, `${path}[${index}]`));
  }
  if (typeof wanted !== 'number') return Object.is(wanted, got) ? [] : [`${path}: wanted ${wanted}, got ${got}`];
  const limit = Math.max(tol.abs ?? 0, (tol.rel ?? 0) * Math.abs(wanted));
  return typeof got === 'number' && Math.abs(got - wanted) <= limit ? [] : [`${path}: wanted ${wanted}, got ${got}`];
}

const reference = casesIn('reference-cases.json');

describe.each([
  ['reference figures', reference],
  ['independent implementations', casesIn('cross-checks.json')],
])('%s', (_, cases) => {
  test.each(cases.map((one) => [one.id, one.note, one] as const))('%s (%s)', (id, _note, one) => {
    const got = JSON.parse(answerLine(JSON.stringify({ id, kind: one.kind, input: one.input })));
    expect(got.id).toBe(id);
    expect(got.status).toBe('ok');
    const wrong = Object.entries(one.expected).flatMap(([field, wanted]) =>
      mismatches(wanted, got[field], one.tol, field),
    );
    expect(wrong).toEqual([]);
  });
});

test('every kind has a reference figure', () => {
  expect([...new Set(reference.map(({ kind }) => kind))].sort()).toEqual(KIND_NAMES);
});

test("O'Brien-Fleming bounds for five equal looks agree with the published table", () => {
  const got = JSON.parse(
    answerLine('{"kind":"gst_bounds","input":{"t":[0.2,0.4,0.6,0.8,1],"alpha":0.05,"spending":"obf"}}'),
  );
  expect(got.z.map((z: number) => Number(z.toFixed(3)))).toEqual([4.877, 3.357, 2.68, 2.29, 2.031]);
});

describe('malformed input of every kind', () => {
  const inputOf = (kind: string) => reference.find((one) => one.kind === kind)!.input as Record<string, unknown>;

  test.each(KIND_NAMES)(
    '%s refuses a missing input, a missing field and a wrong type, with its fields null',
    (kind) => {
      const answers = [
        answerLine(JSON.stringify({ id: 'a', kind })),
        answerLine(JSON.stringify({ id: 'a', kind, input: {} })),
        answerLine(JSON.stringify({ id: 'a', kind, input: [1, 2, 3] })),
        ...Object.keys(inputOf(kind)).map((field) =>
          answerLine(JSON.stringify({ id: 'a', kind, input: { ...inputOf(kind), [field]: { not: 'this' } } })),
        ),
      ];
      const fields = Object.keys(JSON.parse(answerLine(JSON.stringify({ id: 'a', kind, input: inputOf(kind) }))));
      for (const line of answers) {
        const { id, status, why, ...rest } = JSON.parse(line);
        expect({ id, status }).toEqual({ id: 'a', status: 'invalid_input' });
        expect(why).not.toBe('');
        expect(Object.keys(rest).sort()).toEqual(fields.filter((name) => name !== 'id' && name !== 'status').sort());
        expect(Object.values(rest).every((value) => value === null)).toBe(true);
      }
    },
  );

  test.each(KIND_NAMES)('%s refuses NaN, Infinity and null wherever a vector holds a number', (kind) => {
    const input = inputOf(kind);
    for (const [field, value] of Object.entries(input)) {
      if (!Array.isArray(value) || value.length === 0 || typeof value[0] !== 'number') continue;
      for (const word of ['NaN', 'Infinity', '-Infinity', 'null', '1e999', '{}']) {
        const bad = JSON.stringify({ ...input, [field]: ['@', ...value.slice(1)] }).replace('"@"', word);
        const got = JSON.parse(answerLine(`{"id":"n","kind":"${kind}","input":${bad}}`));
        expect([field, word, got.id, got.status]).toEqual([field, word, 'n', 'invalid_input']);
      }
    }
  });

  const withAlpha = KIND_NAMES.filter((kind) => 'alpha' in inputOf(kind));
  test.each(withAlpha)('%s refuses an alpha outside (0, 1)', (kind) => {
    for (const alpha of [0, 1, -0.1, 1.5]) {
      const got = JSON.parse(answerLine(JSON.stringify({ kind, input: { ...inputOf(kind), alpha } })));
      expect([alpha, got.status]).toEqual([alpha, 'invalid_input']);
    }
  });
});
