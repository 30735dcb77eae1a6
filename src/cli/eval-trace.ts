/** How the runs of one example came to what they gave: their calls, and the passages that these found. */

import { showDuration, showMoney, showWhole } from '../base/format.ts';
import type { TracedCall, TracedRun } from '../evaluation/report/traces.ts';
import type { Passage } from '../plan/passage-lists.ts';
import { tableLines } from './table.ts';

export interface NamedRun {
  /** Of its variant. */
  readonly name: string;
  readonly run: TracedRun;
}

interface CallRow {
  readonly variant: string;
  readonly call: TracedCall;
}

/** Times, tokens and money are those of when the call was made, whoever made it. */
export function callTable(runs: readonly NamedRun[], room: number): string[] {
  const calls = runs.flatMap(({ name, run }) =>
    run.calls.map((call, place): CallRow => ({ variant: place === 0 ? name : ' ', call })),
  );
  if (calls.length === 0) return ['no calls'];
  const lines = tableLines(
    calls,
    [
      { heading: 'calls of', cell: ({ variant }) => variant },
      { heading: 'call', cell: ({ call }) => (call.call === 'step' ? call.key : `${call.key} ${call.call}`) },
      { heading: 'step', cell: ({ call }) => call.step },
      { heading: 'took', cell: ({ call }) => showDuration(call.durationMs), align: 'right' },
      { heading: 'tokens', cell: ({ call }) => tokensOf(call), align: 'right' },
      { heading: 'cost', cell: ({ call }) => costOf(call), align: 'right' },
      { heading: 'attempts', cell: ({ call }) => call.attempts, align: 'right' },
      { heading: '', cell: ({ call }) => (call.source === 'made' ? 'made' : 'shared') },
      { heading: '', cell: ({ call }) => (call.outcome === 'failed' ? 'failed' : ' ') },
    ],
    room,
  );
  const leftOut = runs.reduce((sum, { run }) => sum + run.callsLeftOut, 0);
  return [...lines, ...(leftOut > 0 ? [`${leftOut} more calls`] : [])];
}

/** Null where no provider was called, or nobody knows. */
const tokensOf = ({ spent }: TracedCall): string | null =>
  spent === null || spent.paidCalls === 0 ? null : showWhole(spent.inputTokens + spent.outputTokens);

function costOf({ spent }: TracedCall): string | null {
  if (spent === null || spent.paidCalls === 0 || spent.costUsd === null) return null;
  return `${spent.unknownCalls > 0 ? '≥ ' : ''}${showMoney(spent.costUsd)}`;
}

interface PassageRow {
  readonly place: number;
  readonly passage: Passage;
  readonly mark: string | null;
}

/** A table of each list that a call gave; what the answer cites is marked. */
export function passageLines(runs: readonly NamedRun[], room: number): string[] {
  const lists = runs.flatMap(({ name, run }) =>
    run.calls.flatMap(({ key, lists: own }) => own.map((list) => ({ heading: `${name}, ${key}`, list, run }))),
  );
  if (lists.length === 0) return ['', 'no passages are kept of these calls'];
  return lists.flatMap(({ heading, list, run }) => {
    const cited = run.cited === null ? null : new Map(run.cited.map(({ id, mark }) => [id, mark]));
    const rows = list.passages.map(
      (passage, place): PassageRow => ({ place: place + 1, passage, mark: markOf(cited, passage.id) }),
    );
    return [
      '',
      `${heading}: ${list.field}`,
      ...tableLines<PassageRow>(
        rows,
        [
          { heading: '', cell: ({ place }) => place, align: 'right' },
          { heading: 'score', cell: ({ passage }) => passage.score?.toFixed(4) ?? null, align: 'right' },
          { heading: 'cited', cell: ({ mark }) => mark ?? ' ' },
          { heading: 'passage', cell: ({ passage }) => passage.id },
          { heading: 'of', cell: ({ passage }) => placeOf(passage), isFlexible: true },
        ],
        room,
      ),
    ];
  });
}

const markOf = (cited: ReadonlyMap<string, string> | null, id: string): string | null =>
  cited?.has(id) ? cited.get(id) || 'yes' : null;

const placeOf = ({ title, heading }: Passage): string =>
  [title, ...heading].filter((part) => part !== null && part !== '').join(' › ') || ' ';
