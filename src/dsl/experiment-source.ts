/**
 * What a metric of an experiment is of: besides facts of runs and scores, what people said, and whatever the pipeline shows
 * of a run. With which way is better there, where anything says so, and how far its values can be apart.
 */
import { z } from 'zod';
import type { FeedbackField, OnlineMetric, OnlineSource } from '../model/experiment-spec.ts';
import type { Source } from '../plan/nodes.ts';
import { replaceSources } from './alias.ts';
import type { Internals } from './internals.ts';
import { checkDirection, findSource, type Range, rangeOfField } from './metric-source.ts';
import type { Ref, RefFacts } from './ref.ts';
import { refuse } from './refuse.ts';
import { resolve } from './scored-scope.ts';
import type { AnyScorer } from './scorer.ts';
import { fieldAt, isBoolean, rangeOf, type Schema } from './shape.ts';
import { nameOf, type WrittenMetric } from './written-metric.ts';

/** What people said of a run, as metrics read it. */
export const FEEDBACK = z.object({
  thumb: z.number().min(-1).max(1),
  up: z.boolean(),
  down: z.boolean(),
  score: z.number(),
  rated: z.boolean(),
} satisfies { readonly [Field in FeedbackField]: Schema });
export type FeedbackRefs = Ref<z.output<typeof FEEDBACK>>;

export interface OnlineRead {
  readonly source: OnlineSource;
  readonly range: Range;
  /** Null: nothing says. */
  readonly better: OnlineMetric['better'] | null;
  readonly format: OnlineMetric['format'];
}

/** What an experiment's metrics can be of. */
export interface OnlineParts {
  readonly internals: Internals;
  readonly scorers: readonly AnyScorer[];
}

/** What a metric is of; refuses what this experiment does not have, and a metric that is to go the wrong way. */
export function readOnline(written: WrittenMetric, parts: OnlineParts, at: string): OnlineRead {
  const read = sourceOf(written.value, parts, at);
  checkDirection(written, { better: read.better, isScore: read.source.from === 'score' }, at);
  return read;
}

/** The same of a ref alone, such as a ratio's denominator, which goes no way. */
export function sourceOf(facts: RefFacts, { internals, scorers }: OnlineParts, at: string): OnlineRead {
  const known = findSource(facts, scorers);
  if (known) {
    const { source, field } = known;
    return { source, range: rangeOfField(field), better: field.better, format: field.format };
  }
  const [head, ...path] = facts.source;
  const schema =
    head === 'output'
      ? fieldAt(internals.output, path)
      : head === 'nodes'
        ? fieldAt(internals.outputs[path[0]!], path.slice(1))
        : undefined;
  if (head === 'feedback') return feedbackOf(path[0] as FeedbackField, facts.schema);
  if (schema === undefined)
    return refuse(
      'metric_elsewhere',
      `${at} is of '${nameOf(facts)}', which this experiment does not have`,
      'use only what its metrics function is given: nodes, output, run, score and feedback',
    );
  const source = (head === 'nodes' ? path : facts.source) as unknown as Source;
  const wiring = replaceSources({ $from: source }, (from) => resolve(internals, from), at);
  return { source: { from: 'value', wiring }, ...shapeOf(schema), better: null };
}

function feedbackOf(field: FeedbackField, schema: Schema): OnlineRead {
  return { source: { from: 'feedback', field }, ...shapeOf(schema), better: field === 'down' ? 'lower' : 'higher' };
}

function shapeOf(schema: Schema): Pick<OnlineRead, 'range' | 'format'> {
  const [least, most] = isBoolean(schema) ? [0, 1] : (rangeOf(schema) ?? [-Infinity, Infinity]);
  return { range: { least, most }, format: isBoolean(schema) ? 'share' : 'number' };
}
