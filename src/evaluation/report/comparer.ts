/**
 * The thread that compares, which is there once it is needed. Tasks are given to it one after another from here: those that
 * wait within a pool that keeps no thread would wait for good once the thread of the one before them dies.
 */
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { SluiceError } from '../../base/errors.ts';
import type { AnswerTask } from './answer-thread.ts';

const COMPARER_LIMITS = Object.freeze({
  /** Of the thread's heap. */
  heapMb: 1_024,
  /** A thread that nobody uses for so long ends. */
  idleMs: 60_000,
  /** Of one comparison, without its wait for those before it. */
  taskMs: 60_000,
});

type ComparerLimits = { readonly [Limit in keyof typeof COMPARER_LIMITS]: number };
type Pool = Piscina<AnswerTask | undefined, Uint8Array>;

export interface Comparer {
  /** The thread starts while the rows are read. */
  warm(): void;
  /** @throws SluiceError `comparison_too_large`, `comparison_slow`; whatever the thread cannot start for */
  compare(task: AnswerTask): Promise<Uint8Array>;
}

export interface ComparerOptions {
  readonly limits: Partial<ComparerLimits>;
  /** The thread's file. */
  readonly filename: string;
}

/** The thread's file has this one's extension: .ts where sources run as they are, .js in the package. */
const THREAD = new URL(`./answer-thread${extname(import.meta.url)}`, import.meta.url).href;

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
    // Nobody may be waiting when it is lost.
    lost.catch(() => undefined);
    // A thread that does not start belongs to no task: the pool would start no other, and its task would never settle.
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
        throw told(error, limits);
      }
    },
  } satisfies Comparer);
}

const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';
const FEWER = 'compare fewer sides at once, or make it in a process of its own: sluice eval compare';

function told(error: unknown, { heapMb, taskMs }: ComparerLimits): unknown {
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
