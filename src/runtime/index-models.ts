/**
 * Which embedding model a plan's searches need of an index. Vectors of two models cannot be compared: such a search always
 * fails, and a pipeline that goes on without it would answer worse and not say so.
 */
import { isModelOf } from '../embedding/embedder.ts';
import { SluiceError } from '../errors.ts';
import { onceEach } from '../once.ts';
import { nodesOf } from '../plan/nodes.ts';
import type { Plan, StepCall } from '../plan/plan.ts';
import type { VectorSearch } from '../store/vector-search.ts';

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
  readonly snapshot?: string;
}

/**
 * A check that the indexes which a plan searches have the models that its searches name.
 *
 * The check throws SluiceError `embedding_model_differs`.
 */
export function createIndexCheck({ embedded }: Pick<VectorSearch, 'embedded'>): (plan: Plan) => Promise<void> {
  const modelOf = onceEach(
    (_key: string, { index, snapshot }: Searched) => embedded(index, snapshot).then(({ model }) => model, withoutModel),
    KEPT_INDEXES,
  );
  return async (plan) => {
    for (const searched of searchesOf(plan)) {
      const { index, model, snapshot } = searched;
      const period = Math.floor(performance.now() / BELIEVED_MS);
      const found = await modelOf(JSON.stringify([index, snapshot, period]), searched);
      if (found !== undefined && !isModelOf({ name: model }, found)) throw differs(plan, searched, found);
    }
  };
}

function searchesOf(plan: Plan): readonly Searched[] {
  const calls = [...nodesOf(plan)].flatMap((node) =>
    node.kind === 'step' ? [node.call, ...(node.fallback ? [node.fallback] : [])] : [],
  );
  return calls.flatMap((call) => searchedBy(call) ?? []);
}

function searchedBy({ step, config }: StepCall): Searched | undefined {
  const { index, model, snapshot } = config as Partial<Searched>;
  if (!step.startsWith(SEARCH) || index === undefined || model === undefined) return undefined;
  return { index, model, ...(snapshot !== undefined && { snapshot }) };
}

function withoutModel(error: unknown): undefined {
  if (error instanceof SluiceError && WITHOUT_MODEL.has(error.code)) return undefined;
  throw error;
}

const differs = ({ pipeline }: Plan, { index, model }: Searched, found: string): SluiceError =>
  new SluiceError('embedding_model_differs', {
    message: `'${pipeline}' searches the index '${index}' by '${model}', and the index has vectors of '${found}'`,
    remedy: `embed the index anew: sluice ingest <source> --index ${index} --embed ${model}; or run a variant whose vectorSearch has the index's model, or names none`,
    data: { index, model: found, asked: model },
  });
