/** The body of the fitting thread. See fit.ts for why there is a thread. */
import type { MessagePort } from 'node:worker_threads';
import type { Corpus } from './corpus.ts';
import { type Decomposition, decompose } from './decompose.ts';
import type { FitProgress } from './fit.ts';
import type { SvdSettings } from './svd.ts';

export interface FitTask {
  readonly corpus: Corpus;
  readonly settings: SvdSettings;
  readonly progress: MessagePort;
}

export default function fitTask({ corpus, settings, progress }: FitTask): Decomposition {
  return decompose(corpus, settings, (done, total) => {
    progress.postMessage({ phase: 'fit', done, total } satisfies FitProgress);
  });
}
