/**
 * Which embedding model a plan's searches need of an index. Vectors of two models cannot be compared: such a search always
 * fails, and a pipeline that goes on without it would answer worse and not say so.
 */

import { SluiceError } from '../base/errors.ts';
import { onceEach } from '../base/once.ts';
import { indexOf } from '../evaluation/pins.ts';
import { modelIn } from '../models/plan-keys.ts';
import { stepCallsOf } from '../plan/nodes.ts';
import type { Plan, StepCall } from '../plan/plan.ts';
import { isModelOf } from '../retrieval/embedder.ts';
import { modelDiffers, type VectorSearch } from '../store/vector-search.ts';

/** The step that searches by vectors, whatever its version. */
const SEARCH = 'vectorSearch@';
/** How long the model of an index is believed to be as it was read. */
const BELIEVED_MS = 5_000;
/** How many indexes are kept. */
const KEPT_INDEXES = 100;
/** Errors that a search itself reports: the index has no model to compare. */
const WITHOUT_MODEL: ReadonlySet<string> = new Set([
  ...['index_not_embedded', 'index_not_built', 'index_unknown', 'snapshot_unknown', 'snapshot_ambiguous'],
]);

interface Searched {
  readonly index: string;
  readonly model: string;
  /** The beginning of a snapshot's hash; absent: the newest. */
  readonly prefix?: string;
}

/**
 * A check that the indexes which a plan searches have the models that its searches name.
 *
 * The check throws SluiceError `embedding_model_differs`.
 */
export function createIndexCheck({ embedded }: Pick<VectorSearch, 'embedded'>): (plan: Plan) => Promise<void> {
  const modelOf = onceEach(
    (_key: string, { index, prefix }: Searched) => embedded(index, prefix).then(({ model }) => model, withoutModel),
    KEPT_INDEXES,
  );
  return async (plan) => {
    for (const searched of stepCallsOf(plan).flatMap((call) => searchedBy(call) ?? [])) {
      const period = Math.floor(performance.now() / BELIEVED_MS);
      const found = await modelOf(JSON.stringify([searched.index, searched.prefix, period]), searched);
      if (found !== undefined && !isModelOf({ name: searched.model }, found)) throw differs(plan, searched, found);
    }
  };
}

function searchedBy(call: StepCall): Searched | undefined {
  const [read, model] = [indexOf(call), modelIn(call)];
  return call.step.startsWith(SEARCH) && read !== undefined && model !== undefined ? { ...read, model } : undefined;
}

function withoutModel(error: unknown): undefined {
  if (error instanceof SluiceError && WITHOUT_MODEL.has(error.code)) return undefined;
  throw error;
}

const differs = ({ pipeline }: Plan, { index, model }: Searched, found: string) =>
  modelDiffers(
    index,
    found,
    model,
    `'${pipeline}' searches the index '${index}' by '${model}', and the index has vectors of '${found}'`,
  );
