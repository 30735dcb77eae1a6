/**
 * Comparisons as the API answers with them, made beside the event loop and kept for a while. Ten thousand examples by four
 * sides are half a second of arithmetic and of JSON: in a thread nobody else waits for it. What is kept is served again only
 * while all that it rests on is as it was: the evaluations, what people have said of their answers, what judges have said
 * of the same answers elsewhere, and how often has been compared on the dataset.
 */
import { hash } from 'node:crypto';
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { SluiceError } from '../../errors.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import { type ChosenEvaluation, sidesOf } from '../compare/choose-sides.ts';
import { countComparisons } from '../compare/load.ts';
import type { AnswerTask } from './answer-thread.ts';
import { createKept, type Made } from './kept.ts';
import { loadParts, type Opened } from './load-report.ts';

const ANSWER_LIMITS = Object.freeze({
  /** Comparisons that are kept, and their bytes together. */
  kept: 16,
  keptBytes: 64_000_000,
  /** Since they were made. */
  keptMs: 600_000,
  /** Comparisons that wait for the thread; further ones are refused. */
  waiting: 16,
  /** Of the thread's heap. */
  heapMb: 1_024,
  /** A thread that nobody uses for so long ends. */
  idleMs: 60_000,
});

export interface Answers {
  /** The JSON of `ComparisonAnswer`. @throws SluiceError those of `loadComparison`; `comparisons_busy` */
  get(named: readonly ChosenEvaluation[]): Promise<Uint8Array>;
}

export interface AnswersOptions {
  /** Milliseconds; default: since the epoch. */
  readonly clock: () => number;
  /** Default: in a thread. */
  readonly compare: (task: AnswerTask) => Promise<Uint8Array>;
}

export function createAnswers(opened: Opened, { clock = Date.now, compare }: Partial<AnswersOptions> = {}): Answers {
  const kept = createKept(ANSWER_LIMITS, clock);
  const underWay = new Map<string, Promise<Made>>();
  const comparer = compare === undefined ? createComparer() : { warm: () => undefined, compare };

  async function make(named: readonly ChosenEvaluation[]): Promise<Made> {
    comparer.warm();
    const { loaded, ...parts } = await loadParts(opened, named);
    const { sheets, ...rest } = loaded;
    const json = await comparer.compare({ ...parts, loaded: rest, sheets: sheets.map((sheet) => sheet.data()) });
    return { json, comparisons: loaded.comparisons };
  }

  async function makeOnce(basis: string, named: readonly ChosenEvaluation[]): Promise<Made> {
    const making = underWay.get(basis) ?? make(named).finally(() => underWay.delete(basis));
    underWay.set(basis, making);
    const made = await making;
    kept.put(basis, made);
    return made;
  }

  return Object.freeze({
    async get(named) {
      const basis = await basisOf(opened.store, named);
      if (basis === null) return (await make(named)).json;
      const known = kept.find(basis);
      // Its sides were compared when it was made, so this counts nothing; others may have been since, on the same examples.
      const isAsItWas =
        known !== undefined &&
        known.comparisons === (await countComparisons(opened.store, rowsOf(named), sidesOf(named)));
      return (isAsItWas ? known : await makeOnce(basis, named)).json;
    },
  } satisfies Answers);
}

const rowsOf = (named: readonly ChosenEvaluation[]): readonly EvaluationRow[] => [
  ...new Map(named.map(({ row }) => [row.evaluationId, row])).values(),
];

/** What an answer rests on besides the count of comparisons; null where rows may still be written. */
async function basisOf({ evaluations }: Opened['store'], named: readonly ChosenEvaluation[]): Promise<string | null> {
  const rows = rowsOf(named);
  if (!rows.every(({ state }) => ENDED.has(state))) return null;
  const scorers = [...new Set(rows.flatMap(({ spec }) => spec.scorers.map(({ id }) => id)))];
  const [progress, locked, labels] = await Promise.all([
    Promise.all(rows.map(({ evaluationId }) => evaluations.progress(evaluationId))),
    Promise.all(rows.map(async ({ spec }) => (await evaluations.registration(spec.name))?.hash)),
    Promise.all(scorers.map((id) => evaluations.labels(id))),
  ]);
  // Where there are labels, what judges have said of the same answers elsewhere says how good they are.
  const elsewhere = labels.some((own) => own.length > 0) ? await evaluations.fingerprint() : null;
  const own = rows.map(({ state, finishedAt, pins }, place) => ({
    state,
    finishedAt,
    pins,
    progress: progress[place],
  }));
  return hash(
    'sha256',
    JSON.stringify([named.map(({ row, variant }) => [row.evaluationId, variant]), own, locked, labels, elsewhere]),
  );
}

const ENDED: ReadonlySet<EvaluationRow['state']> = new Set(['completed', 'partial', 'stopped', 'cancelled', 'failed']);

/** One thread, which is there once it is needed. */
function createComparer() {
  let pool: Piscina<AnswerTask | undefined, Uint8Array> | undefined;
  const open = () => {
    pool ??= new Piscina({
      // The thread's file has this one's extension: .ts where sources run as they are, .js in the package.
      filename: new URL(`./answer-thread${extname(import.meta.url)}`, import.meta.url).href,
      ...{ minThreads: 0, maxThreads: 1, idleTimeout: ANSWER_LIMITS.idleMs },
      resourceLimits: { maxOldGenerationSizeMb: ANSWER_LIMITS.heapMb },
    });
    return pool;
  };
  return {
    /** The thread starts while the rows are read. */
    warm(): void {
      if (open().threads.length === 0)
        open()
          .run(undefined, { name: 'warm' })
          .catch(() => undefined);
    },
    compare(task: AnswerTask): Promise<Uint8Array> {
      if (open().queueSize < ANSWER_LIMITS.waiting) return open().run(task);
      throw new SluiceError('comparisons_busy', {
        message: `${ANSWER_LIMITS.waiting} comparisons are waiting to be made`,
        remedy: 'ask again in a few seconds; sluice eval compare makes one in a process of its own',
        retryable: true,
      });
    },
  };
}
