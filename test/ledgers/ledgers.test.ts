/** Recorded ledgers are audited by today's code: each verdict is recomputed as it was recorded, and a changed byte is found. */
import { describe, expect, it } from 'vitest';
import { auditLedger } from '../../src/experiment/audit.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';
import type { LedgerEntry } from '../../src/store/ledger.ts';
import { brokenHashes, entriesOf, readRecordings } from './recordings.ts';
import { SCENARIOS } from './scenarios.ts';

const recordings = readRecordings();
const ENDS: { readonly [name: string]: { readonly to: string; readonly reason: string } } = {
  'method-1/promoted': { to: 'promoted', reason: 'rolled_out' },
  'method-1/rolled-back': { to: 'rolled_back', reason: 'guardrail' },
  'method-1/futile': { to: 'inconclusive', reason: 'futile' },
  'method-1/superseded': { to: 'superseded', reason: "'ranked' changed, which it edits" },
  'method-1/two-stages': { to: 'promoted', reason: 'rolled_out' },
};

it('has a recording of every scenario', () => {
  expect(recordings.map(({ name }) => name)).toEqual(Object.keys(ENDS).sort());
  expect(
    Object.keys(SCENARIOS)
      .map((name) => `method-1/${name}`)
      .sort(),
  ).toEqual(Object.keys(ENDS).sort());
});

const contentOf = ({ content }: LedgerEntry) => JSON.parse(content);
const looksIn = (entries: readonly LedgerEntry[]) => entries.filter(({ kind }) => kind === 'look');

/** The text with one character replaced by another of its kind. */
function withOtherByte(text: string, position: number): string {
  const character = text[position]!;
  const other = /\d/.test(character) ? String((Number(character) + 1) % 10) : character === 'x' ? 'y' : 'x';
  return text.slice(0, position) + other + text.slice(position + 1);
}

/** A change after which a line is no entry is found when the file is read. */
function isUntouched(text: string): boolean {
  try {
    const entries = entriesOf(text);
    return brokenHashes(entries).length === 0 && auditLedger(entries).isEqual;
  } catch {
    return false;
  }
}

function drawPosition(text: string, random: Random): number {
  for (;;) {
    const position = random.index(text.length);
    if (/\S/.test(text[position]!)) return position;
  }
}

describe.each(recordings)('the recording $name', ({ name, text }) => {
  const entries = entriesOf(text);

  it('is audited equal, each analysis byte for byte', () => {
    const report = auditLedger(entries);
    expect(report).toMatchObject({ isEqual: true, findings: [], entries: entries.length });
    expect(report.looks).toBeGreaterThan(5);
    expect(report.identical).toBe(report.looks);
    expect(isUntouched(text)).toBe(true);
  });

  it('ends as it did', () => {
    expect(contentOf(entries.at(-1)!)).toMatchObject(ENDS[name]!);
  });

  it('does not survive one changed byte anywhere in the file', () => {
    const random = randomFrom(17);
    const survived = Array.from({ length: 60 }, () => drawPosition(text, random)).filter((position) =>
      isUntouched(withOtherByte(text, position)),
    );
    expect(survived).toEqual([]);
  });

  it('does not survive one changed byte in its start, in a stage and in an act', () => {
    const random = randomFrom(18);
    for (const kind of ['start', 'stage', 'act'] as const) {
      const lines = text.split('\n').filter((line) => line.includes(`"kind":"${kind}"`));
      for (const line of lines) {
        const begins = text.indexOf(line);
        const changed = withOtherByte(text, begins + drawPosition(line, random));
        expect(changed).not.toBe(text);
        expect(isUntouched(changed)).toBe(false);
      }
    }
  });

  it('fails the audit by a digit in any number that an analysis worked out, without its hashes', () => {
    for (const look of looksIn(entries)) {
      const numbers = [...look.content.matchAll(/"(?:ciLo|ciHi|diff|halfWidth|p|daysLeft)":-?[0.]*(?=[1-9])/g)];
      expect(numbers.length).toBeGreaterThan(0);
      const { index, 0: match } = numbers[look.lookNo! % numbers.length]!;
      const content = withOtherByte(look.content, index + match.length);
      const report = auditLedger(entries.map((entry) => (entry === look ? { ...entry, content } : entry)));
      expect(report).toMatchObject({ isEqual: false, identical: report.looks - 1 });
      expect(report.findings[0]).toMatchObject({ entryNo: look.entryNo, code: 'number' });
    }
  });

  it('fails the audit by a byte of the spec or of the settings, without its hashes', () => {
    const random = randomFrom(19);
    const start = entries[0]!;
    for (const part of ['spec', 'settings'] as const) {
      const json = JSON.stringify(contentOf(start)[part]);
      const begins = start.content.indexOf(json);
      for (let time = 0; time < 10; time += 1) {
        const content = withOtherByte(start.content, begins + drawPosition(json, random));
        expect(auditLedger([{ ...start, content }, ...entries.slice(1)]).isEqual).toBe(false);
      }
    }
  });
});

it('the two recordings that are promoted hold analyses of their rollouts, and one holds two stages before it', () => {
  const phasesOf = (name: string) => {
    const entries = entriesOf(recordings.find((recording) => recording.name === `method-1/${name}`)!.text);
    return looksIn(entries).map((look) => contentOf(look));
  };
  for (const name of ['promoted', 'two-stages'])
    expect(phasesOf(name).filter(({ phase }) => phase === 'rollout').length).toBeGreaterThan(1);
  const decided = phasesOf('two-stages').find(({ decision }) => decision === 'promote');
  expect(new Set(decided.data.exposed.map(({ stage }: { stage: number }) => stage))).toEqual(new Set([1, 2]));
});
