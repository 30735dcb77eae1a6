/**
 * Fits the `local/lsa` model to a corpus. Reading takes turns with other work, and the decomposition, seconds of nothing
 * but arithmetic, has a thread of its own: a worker goes on answering heartbeats, and an abort ends it at once.
 */
import { extname } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { SluiceError } from '../base/errors.ts';
import { type Bag, type Corpus, collectCorpus } from './corpus.ts';
import type { Decomposition } from './decompose.ts';
import type { FitTask } from './fit-thread.ts';
import { createFit, LSA_SETTINGS, type LsaFit, numbered } from './model.ts';
import type { SvdSettings } from './svd.ts';

/** How far a fit is: passages read so far, then steps of the decomposition. */
export type FitProgress =
  | { readonly phase: 'read'; readonly passages: number }
  | { readonly phase: 'fit'; readonly done: number; readonly total: number };

export interface FitOptions {
  /** Length of the vectors, 1 to 1,000. Default 128. */
  readonly dimensions?: number;
  /** Passages to fit on at most; beyond, a sample is taken by a hash of the ids. 1 to 100,000, default 20,000. */
  readonly samplePassages?: number;
  /** Of the random start. Default a fixed number. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FitProgress) => void;
}

/**
 * Fits the model. The same passages give the same fit, in whatever order they come. Vectors are made by `embed`, of the
 * passages it was fitted on too. Bags may come one at a time, as from a database: only a compact form of them is kept.
 *
 * @throws SluiceError `lsa_option_invalid`, `lsa_passage_duplicate`, `lsa_count_invalid`; the signal's reason when it aborts
 * @example
 * const fit = await fitLsa(passages.map(bagOf));
 * const vector = embed(fit, termsOf('How do I stream text?'));
 */
export async function fitLsa(bags: Iterable<Bag> | AsyncIterable<Bag>, options: FitOptions = {}): Promise<LsaFit> {
  const { dimensions = LSA_SETTINGS.dimensions, seed = LSA_SETTINGS.seed, signal, onProgress } = options;
  const { samplePassages = LSA_SETTINGS.samplePassages } = options;
  const { oversampling, powerIterations } = LSA_SETTINGS;
  checkOption('dimensions', dimensions, 1_000);
  checkOption('samplePassages', samplePassages, 100_000);
  signal?.throwIfAborted();
  const corpus = await collectCorpus(bags, {
    samplePassages,
    signal,
    onRead: (passages) => onProgress?.({ phase: 'read', passages }),
  });
  const settings = { dimensions, oversampling, powerIterations, seed };
  const { terms, ...parts } = await decomposeInThread(corpus, settings, options);
  return createFit({ dimensions, ...parts, terms: numbered(terms) });
}

async function decomposeInThread(
  corpus: Corpus,
  settings: SvdSettings,
  { signal, onProgress }: FitOptions,
): Promise<Decomposition> {
  signal?.throwIfAborted();
  const { port1: reports, port2: progress } = new MessageChannel();
  reports.on('message', (report: FitProgress) => {
    if (!signal?.aborted) onProgress?.(report);
  });
  const pool = new Piscina<FitTask, Decomposition>({
    // The thread's file has this one's extension: .ts where sources run as they are, .js in the package.
    filename: new URL(`./fit-thread${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
  });
  const transferList = [progress, corpus.starts.buffer, corpus.termNumbers.buffer, corpus.logFrequencies.buffer];
  try {
    return await pool.run({ corpus, settings, progress }, { transferList, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    reports.close();
    await pool.destroy();
  }
}

function checkOption(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new SluiceError('lsa_option_invalid', {
    message: `a fit of local/lsa was asked for with ${name} ${value}`,
    remedy: `give ${name} as a whole number from 1 to ${most}, or leave it out`,
    data: { name, value: `${value}`, most },
  });
}
