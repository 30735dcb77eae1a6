/** Two traces of one example beside each other: call by call, and list by list of passages, with what differs. */
import type { TracedCall, TracedRun } from '../../../src/evaluation/report/traces.ts';
import type { Passage } from '../../../src/plan/passage-lists.ts';

export interface CallPair {
  /** `draft[2]`, `draft fallback`. */
  readonly name: string;
  readonly isScorers: boolean;
  readonly first: TracedCall | null;
  readonly second: TracedCall | null;
  /** One call for both: nothing of it can differ. */
  readonly isOne: boolean;
}

type Traced = Pick<TracedRun, 'calls'> | undefined;

const nameOf = ({ key, call }: TracedCall): string => (call === 'step' ? key : `${key} ${call}`);

/** In the order of the first; what the second alone has stands after what it came after there. */
export function pairCalls(first: Traced, second: Traced): readonly CallPair[] {
  const [ours, theirs] = [first, second].map((run) => new Map(run?.calls.map((call) => [nameOf(call), call])));
  const names = [...ours!.keys()];
  let after = -1;
  for (const name of theirs!.keys()) {
    const known = names.indexOf(name);
    if (known < 0) names.splice(after + 1, 0, name);
    after = known < 0 ? after + 1 : Math.max(after, known);
  }
  return names.map((name) => {
    const [one, other] = [ours!.get(name) ?? null, theirs!.get(name) ?? null];
    const isOne = one !== null && other !== null && one.memoKey === other.memoKey;
    return { name, isScorers: (one ?? other)!.isScorers, first: one, second: other, isOne };
  });
}

/** Of one side. */
interface Stand {
  /** From 1. */
  readonly place: number;
  readonly score: number | null;
}

export interface PassagePair {
  readonly passage: Passage;
  /** Null: the side's list does not have it. */
  readonly first: Stand | null;
  readonly second: Stand | null;
  /** With which mark each side's answer cites it; null: it does not, or it is not known. */
  readonly cited: readonly [first: string | null, second: string | null];
  readonly differs: boolean;
}

export interface ListPair {
  /** `rerank: passages`. */
  readonly name: string;
  /** Sides that made no such call, or of which nothing is kept that it gave. */
  readonly lacks: readonly [first: boolean, second: boolean];
  /** Whether an answer cites something of it. */
  readonly isCited: boolean;
  /** By the better place of the two. */
  readonly rows: readonly PassagePair[];
  readonly differing: number;
}

type Cited = Pick<TracedRun, 'calls' | 'cited'> | undefined;

/** Lists of calls of one name and field, in the order of the calls. */
export function pairLists(first: Cited, second: Cited): readonly ListPair[] {
  const marks = [first, second].map((run) => new Map(run?.cited?.map(({ id, mark }) => [id, mark])));
  return pairCalls(first, second).flatMap(({ name, first: one, second: other }) => {
    const fields = new Set([...(one?.lists ?? []), ...(other?.lists ?? [])].map(({ field }) => field));
    return [...fields].map((field) => {
      const [ours, theirs] = [one, other].map((call) => standing(call, field));
      const passages = new Map([...theirs!, ...ours!].map(([id, { passage }]) => [id, passage]));
      const rows = [...passages].map(([id, passage]): PassagePair => {
        const [here, there] = [ours!.get(id)?.stand ?? null, theirs!.get(id)?.stand ?? null];
        const cited = [marks[0]!.get(id) ?? null, marks[1]!.get(id) ?? null] as const;
        const differs = here?.place !== there?.place || (cited[0] === null) !== (cited[1] === null);
        return { passage, first: here, second: there, cited, differs };
      });
      rows.sort((a, b) => bestOf(a) - bestOf(b) || (a.first?.place ?? LAST) - (b.first?.place ?? LAST));
      return {
        name: `${name}: ${field}`,
        lacks: [ours!.size === 0, theirs!.size === 0],
        isCited: rows.some(({ cited }) => cited.some((mark) => mark !== null)),
        rows,
        differing: rows.filter(({ differs }) => differs).length,
      };
    });
  });
}

const LAST = Number.MAX_SAFE_INTEGER;
const bestOf = ({ first, second }: PassagePair): number => Math.min(first?.place ?? LAST, second?.place ?? LAST);

/** The first place of each passage. */
function standing(call: TracedCall | null, field: string) {
  const found = new Map<string, { readonly passage: Passage; readonly stand: Stand }>();
  const passages = call?.lists.find((list) => list.field === field)?.passages ?? [];
  for (const [index, passage] of passages.entries())
    if (!found.has(passage.id)) found.set(passage.id, { passage, stand: { place: index + 1, score: passage.score } });
  return found;
}
