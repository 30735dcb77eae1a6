/**
 * Makes and caches the API's comparisons. A comparison of ten thousand examples and four sides takes half a second, so
 * a thread makes it. A cached one is served only while its inputs are unchanged: the evaluations, labels of their
 * answers, scores by the same judges elsewhere, and the number of comparisons on the dataset.
 */
import { hash } from 'node:crypto';
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { SluiceError } from '../../base/errors.ts';
import { scorerIdentity } from '../../model/evaluation-spec.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import { countComparisons } from '../compare/load.ts';
import { type ChosenEvaluation, sidesOf } from '../compare/sides.ts';
import type { AnswerTask } from './answer-thread.ts';
import { loadParts, type Opened } from './load-report.ts';

const ANSWER_LIMITS = Object.freeze({
  /** Cached comparisons, and their total bytes. */
  kept: 16,
  keptBytes: 64_000_000,
  /** Lifetime of a cached comparison. */
  keptMs: 600_000,
  /** Comparisons under way or queued; further requests are refused before anything is read. */
  waiting: 16,
  /** Failed precomputations that are remembered. */
  failed: 100,
});

export interface Answers {
  /**
   * Precomputes a comparison without counting it; it counts when it is read. Starts when no requested comparison is
   * under way. Skipped when a newer request arrived, or when it failed before. Failures are reported by `get`.
   *
   * @throws SluiceError `sides_invalid`
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
  const kept = createReportCache(ANSWER_LIMITS, clock);
  const underWay = new Map<string, Promise<Made>>();
  const madeAhead = new Map<string, Promise<Made>>();
  /** Failed precomputations are not tried again. */
  const failed = new Set<string>();
  /** Precomputations are numbered; only the newest runs. */
  let [asked, newest] = [0, 0];
  const comparer = compare === undefined ? createComparer() : { warm: () => undefined, compare };

  async function make(named: readonly ChosenEvaluation[], from = opened): Promise<Made> {
    comparer.warm();
    const { loaded, ...parts } = await loadParts(from, named);
    const { matrices, ...rest } = loaded;
    const json = await comparer.compare({ ...parts, loaded: rest, matrices: matrices.map((matrix) => matrix.data()) });
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

  /** Continues when the caller leaves; a `get` meanwhile waits for it. */
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
      // Rows may still arrive: the comparison is shared with concurrent callers and not cached.
      if (basis === null) return (await makeOnce(JSON.stringify(idsOf(named)), named)).json;
      const known = kept.find(basis) ?? (await madeAhead.get(basis));
      // Reading it again does not count; others may have compared the same examples since.
      const isAsItWas = known !== undefined && known.comparisons === (await countIn(opened, named));
      if (isAsItWas) return known.json;
      const made = await makeOnce(basis, named);
      kept.put(basis, made);
      return made.json;
    },
  } satisfies Answers);
}

/** The store for precomputation: it returns the next count of comparisons without counting one. */
function notCounting({ store: { datasets, evaluations }, urlOf }: Opened): Opened {
  const { nextComparisonCount: countComparisons } = evaluations;
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

/** A hash of the comparison's inputs, except the count of comparisons; null while rows may be written. */
async function basisOf({ evaluations }: Opened['store'], named: readonly ChosenEvaluation[]): Promise<string | null> {
  const rows = rowsOf(named);
  if (!rows.every(({ state }) => ENDED.has(state))) return null;
  const scorers = rows.flatMap(({ spec }) => spec.scorers.map((scorer) => scorerIdentity(spec, scorer)));
  const [own, locked, labels] = await Promise.all([
    // The fingerprint changes even when a late row leaves all counts equal.
    evaluations.fingerprint(rows.map(({ evaluationId }) => evaluationId)),
    Promise.all(rows.map(async ({ spec }) => (await evaluations.registration(spec.name))?.hash)),
    Promise.all(scorers.map((scorer) => evaluations.labels(scorer))),
  ]);
  // With labels, the judges' scores elsewhere decide their calibration.
  const elsewhere = labels.some((each) => each.length > 0) ? await evaluations.fingerprint() : null;
  const pins = rows.map((row) => row.pins);
  return hash('sha256', JSON.stringify([idsOf(named), own, pins, locked, labels, elsewhere]));
}

const ENDED: ReadonlySet<EvaluationRow['state']> = new Set(['completed', 'partial', 'stopped', 'cancelled', 'failed']);

// The newest comparisons by input hash, limited by number, bytes and age.

export interface CacheLimits {
  readonly kept: number;
  readonly keptBytes: number;
  readonly keptMs: number;
}

export interface Made {
  readonly json: Uint8Array;
  /** Comparisons on the dataset, this one included. */
  readonly comparisons: number;
}

export interface ReportCache {
  /** Undefined: none, or too old. */
  find(basis: string): Made | undefined;
  /** A comparison above the byte limit is not cached. */
  put(basis: string, made: Made): void;
}

export function createReportCache({ kept, keptBytes, keptMs }: CacheLimits, clock: () => number): ReportCache {
  const all = new Map<string, { readonly made: Made; readonly at: number }>();
  let bytes = 0;
  const drop = (basis: string): void => {
    bytes -= all.get(basis)?.made.json.byteLength ?? 0;
    all.delete(basis);
  };
  return Object.freeze({
    find(basis) {
      const found = all.get(basis);
      if (found === undefined) return undefined;
      if (clock() - found.at < keptMs) {
        // Most recently used entries are dropped last.
        all.delete(basis);
        all.set(basis, found);
        return found.made;
      }
      drop(basis);
      return undefined;
    },
    put(basis, made) {
      drop(basis);
      if (made.json.byteLength > keptBytes) return;
      all.set(basis, { made, at: clock() });
      bytes += made.json.byteLength;
      for (const oldest of all.keys()) {
        if (all.size <= kept && bytes <= keptBytes) return;
        drop(oldest);
      }
    },
  } satisfies ReportCache);
}

const COMPARER_LIMITS = Object.freeze({
  /** Of the thread's heap. */
  heapMb: 1_024,
  /** An idle thread ends after this time. */
  idleMs: 60_000,
  /** Time limit of one comparison, excluding the queue. */
  taskMs: 60_000,
});

type ComparerLimits = { readonly [Limit in keyof typeof COMPARER_LIMITS]: number };
type Pool = Piscina<AnswerTask | undefined, Uint8Array>;

export interface Comparer {
  /** Starts the thread while rows are read. */
  warm(): void;
  /** @throws SluiceError `comparison_too_large`, `comparison_slow`; errors of the thread's start */
  compare(task: AnswerTask): Promise<Uint8Array>;
}

export interface ComparerOptions {
  readonly limits: Partial<ComparerLimits>;
  /** The thread's file. */
  readonly filename: string;
}

/** The thread's file has this one's extension: .ts where sources run as they are, .js in the package. */
const THREAD = new URL(`./answer-thread${extname(import.meta.url)}`, import.meta.url).href;

/**
 * The comparing thread, started on demand. Tasks are queued here, one at a time: tasks queued within a pool of no
 * minimum threads would wait forever after the thread before them dies.
 */
export function createComparer({ limits: given, filename = THREAD }: Partial<ComparerOptions> = {}): Comparer {
  const limits = { ...COMPARER_LIMITS, ...given };
  let opened: { readonly pool: Pool; readonly lost: Promise<never> } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function open() {
    if (opened !== undefined) return opened;
    const pool: Pool = new Piscina({
      ...{ filename, minThreads: 0, maxThreads: 1, idleTimeout: limits.idleMs },
      resourceLimits: { maxOldGenerationSizeMb: limits.heapMb },
    });
    const { promise: lost, reject } = Promise.withResolvers<never>();
    // It may be lost while no task waits.
    lost.catch(() => undefined);
    // A thread that fails to start belongs to no task: the pool would start no other, and its task would never settle.
    pool.on('error', (error) => {
      if (opened?.pool === pool) opened = undefined;
      reject(error);
      pool.destroy().catch(() => undefined);
    });
    opened = { pool, lost };
    return opened;
  }

  function run(task: AnswerTask | undefined, name?: string): Promise<Uint8Array> {
    const next = last.then(() => {
      const { pool, lost } = open();
      const signal = AbortSignal.timeout(limits.taskMs);
      return Promise.race([pool.run(task, { ...(name !== undefined && { name }), signal }), lost]);
    });
    last = next.catch(() => undefined);
    return next;
  }

  return Object.freeze({
    warm() {
      if (opened === undefined || opened.pool.threads.length === 0) run(undefined, 'warm').catch(() => undefined);
    },
    async compare(task) {
      try {
        return await run(task);
      } catch (error) {
        throw explained(error, limits);
      }
    },
  } satisfies Comparer);
}

const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';
const FEWER = 'compare fewer sides at once, or make it in a process of its own: sluice eval compare';

function explained(error: unknown, { heapMb, taskMs }: ComparerLimits): unknown {
  const { name, code } = error as { readonly name?: string; readonly code?: string };
  if (code === OUT_OF_MEMORY)
    return new SluiceError('comparison_too_large', {
      message: `the comparison takes more than the ${heapMb} MB that it may have here`,
      remedy: FEWER,
    });
  if (name === 'AbortError')
    return new SluiceError('comparison_slow', {
      message: `the comparison was not made within ${taskMs / 1_000} seconds`,
      remedy: FEWER,
    });
  return error;
}
