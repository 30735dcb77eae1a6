/**
 * Comparisons as the API answers with them, made beside the event loop and kept for a while. Ten thousand examples by four
 * sides are half a second of arithmetic and of JSON: in a thread nobody else waits for it. What is kept is served again only
 * while all that it rests on is as it was: the evaluations, what people have said of their answers, what judges have said
 * of the same answers elsewhere, and how often has been compared on the dataset.
 */
import { hash } from 'node:crypto';
import { SluiceError } from '../../base/errors.ts';
import { scorerIdentity } from '../../model/evaluation-spec.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import { type ChosenEvaluation, sidesOf } from '../compare/choose-sides.ts';
import { countComparisons } from '../compare/load.ts';
import { type Comparer, createComparer } from './comparer.ts';
import { createKept, type Made } from './kept.ts';
import { loadParts, type Opened } from './load-report.ts';

const ANSWER_LIMITS = Object.freeze({
  /** Comparisons that are kept, and their bytes together. */
  kept: 16,
  keptBytes: 64_000_000,
  /** Since they were made. */
  keptMs: 600_000,
  /** Comparisons that are made or wait for that; further ones are refused before anything is read for them. */
  waiting: 16,
  /** Of comparisons that could not be made ahead, so many are remembered. */
  failed: 100,
});

export interface Answers {
  /**
   * Makes it before somebody looks, who then finds it there: it is counted as looked at then, and not now. It begins once
   * nothing is made for those who look, and not at all where another was asked for meanwhile, or where it failed before.
   * What goes wrong is told to whoever looks. @throws SluiceError `sides_invalid`
   */
  ahead(named: readonly ChosenEvaluation[]): Promise<void>;
  /** The JSON of `Comparison`. @throws SluiceError those of `loadComparison` and of `Comparer`; `comparisons_busy` */
  get(named: readonly ChosenEvaluation[]): Promise<Uint8Array>;
}

export interface AnswersOptions {
  /** Milliseconds; default: since the epoch. */
  readonly clock: () => number;
  /** Default: in a thread. */
  readonly compare: Comparer['compare'];
}

export function createAnswers(opened: Opened, { clock = Date.now, compare }: Partial<AnswersOptions> = {}): Answers {
  const kept = createKept(ANSWER_LIMITS, clock);
  const underWay = new Map<string, Promise<Made>>();
  const madeAhead = new Map<string, Promise<Made>>();
  /** What could not be made ahead is not tried again for each who might look. */
  const failed = new Set<string>();
  /** What was asked for ahead is numbered as it comes; the newest that has to be made is. */
  let [asked, newest] = [0, 0];
  const comparer = compare === undefined ? createComparer() : { warm: () => undefined, compare };

  async function make(named: readonly ChosenEvaluation[], from = opened): Promise<Made> {
    comparer.warm();
    const { loaded, ...parts } = await loadParts(from, named);
    const { sheets, ...rest } = loaded;
    const json = await comparer.compare({ ...parts, loaded: rest, sheets: sheets.map((sheet) => sheet.data()) });
    return { json, comparisons: loaded.comparisons };
  }

  function makeOnce(basis: string, named: readonly ChosenEvaluation[]): Promise<Made> {
    const known = underWay.get(basis);
    if (known !== undefined) return known;
    // Before the rows are read: they are what takes most of the memory.
    if (underWay.size >= ANSWER_LIMITS.waiting) throw busy();
    const making = make(named).finally(() => underWay.delete(basis));
    underWay.set(basis, making);
    return making;
  }

  /** It goes on without who asked for it; whoever looks meanwhile waits for it, and is told what went wrong. */
  async function makeAhead(basis: string, named: readonly ChosenEvaluation[]): Promise<void> {
    const making = make(named, notCounting(opened));
    madeAhead.set(basis, making);
    try {
      kept.put(basis, await making);
    } catch {
      failed.add(basis);
      if (failed.size > ANSWER_LIMITS.failed) failed.delete(failed.values().next().value!);
    } finally {
      madeAhead.delete(basis);
    }
  }

  const countIn = ({ store }: Opened, named: readonly ChosenEvaluation[]): Promise<number> =>
    countComparisons(store, rowsOf(named), sidesOf(named));

  return Object.freeze({
    async ahead(named) {
      asked += 1;
      const own = asked;
      const basis = await basisOf(opened.store, named);
      if (basis === null || failed.has(basis)) return;
      const due = await countIn(notCounting(opened), named);
      const isThere = () => madeAhead.has(basis) || kept.find(basis)?.comparisons === due;
      if (isThere() || own < newest) return;
      newest = own;
      const others = () => [...underWay.values(), ...madeAhead.values()];
      while (own === newest && others().length > 0) await Promise.allSettled(others());
      if (own === newest && !isThere()) await makeAhead(basis, named);
    },
    async get(named) {
      const basis = await basisOf(opened.store, named);
      // Rows may still come: it is shared with who asks meanwhile, and not kept.
      if (basis === null) return (await makeOnce(JSON.stringify(idsOf(named)), named)).json;
      const known = kept.find(basis) ?? (await madeAhead.get(basis));
      // Where it was looked at, this counts nothing; others may have been compared since, on the same examples.
      const isAsItWas = known !== undefined && known.comparisons === (await countIn(opened, named));
      if (isAsItWas) return known.json;
      const made = await makeOnce(basis, named);
      kept.put(basis, made);
      return made.json;
    },
  } satisfies Answers);
}

/** The same for who has not looked yet: a comparison has the count that it will have, and is not counted. */
function notCounting({ store: { datasets, evaluations }, urlOf }: Opened): Opened {
  const { foreseeComparisons: countComparisons } = evaluations;
  return { store: { datasets, evaluations: { ...evaluations, countComparisons } }, urlOf };
}

const busy = (): SluiceError =>
  new SluiceError('comparisons_busy', {
    message: `${ANSWER_LIMITS.waiting} comparisons are waiting to be made`,
    remedy: 'ask again in a few seconds; sluice eval compare makes one in a process of its own',
    retryable: true,
  });

const idsOf = (named: readonly ChosenEvaluation[]) => named.map(({ row, variant }) => [row.evaluationId, variant]);

const rowsOf = (named: readonly ChosenEvaluation[]): readonly EvaluationRow[] => [
  ...new Map(named.map(({ row }) => [row.evaluationId, row])).values(),
];

/** What an answer rests on besides the count of comparisons; null where rows may still be written. */
async function basisOf({ evaluations }: Opened['store'], named: readonly ChosenEvaluation[]): Promise<string | null> {
  const rows = rowsOf(named);
  if (!rows.every(({ state }) => ENDED.has(state))) return null;
  const scorers = rows.flatMap(({ spec }) => spec.scorers.map((scorer) => scorerIdentity(spec, scorer)));
  const [own, locked, labels] = await Promise.all([
    // Of a row that comes late in another's place the counts may be the same: this says that it has come.
    evaluations.fingerprint(rows.map(({ evaluationId }) => evaluationId)),
    Promise.all(rows.map(async ({ spec }) => (await evaluations.registration(spec.name))?.hash)),
    Promise.all(scorers.map((scorer) => evaluations.labels(scorer))),
  ]);
  // Where there are labels, what judges have said of the same answers elsewhere says how good they are.
  const elsewhere = labels.some((each) => each.length > 0) ? await evaluations.fingerprint() : null;
  const pins = rows.map((row) => row.pins);
  return hash('sha256', JSON.stringify([idsOf(named), own, pins, locked, labels, elsewhere]));
}

const ENDED: ReadonlySet<EvaluationRow['state']> = new Set(['completed', 'partial', 'stopped', 'cancelled', 'failed']);
