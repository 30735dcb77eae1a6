/**
 * The wiring of scorers: as nodes' wiring, but over a finished run. What it may read is the run's input and output, the
 * facts of the run, every node that the pipeline shows, and of the dataset's example what is expected and relevant.
 */
import { z } from 'zod';
import { type RunField, SCORER_SOURCES, type ScorerSpec } from '../model/evaluation-spec.ts';
import { freezeJson } from '../plan/json.ts';
import { type Source, sourcesOf } from '../plan/nodes.ts';
import type { Wiring } from '../plan/plan.ts';
import { RESERVED_IDS } from '../plan/plan-limits.ts';
import type { Nothing } from './chain.ts';
import { type AnyDataset, checkDataset, checkDatasetFits, type Dataset } from './dataset.ts';
import { type Internals, internalsOf, type WiringFunction } from './draft.ts';
import type { AnyPipeline, Pipeline } from './edit.ts';
import { callWiring, lowerInput, refsTo } from './lower.ts';
import { factsOf, type Ref, refTo, replaceSources, type Scope, type Value, within } from './ref.ts';
import { checkKeys, refuse } from './refuse.ts';
import type { Schema } from './shape.ts';

/** What a run says of itself, as scorers and metrics read it. */
export const RUN_FACTS = z.object({
  latencyMs: z.number(),
  costUsd: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  failed: z.boolean(),
  degraded: z.boolean(),
} satisfies { readonly [Field in RunField]: Schema });
export type RunFactRefs = Ref<z.output<typeof RUN_FACTS>>;

/** Stands for the expectation of a dataset that nobody gave. */
export interface NoDataset {
  readonly noDataset: never;
}
/** What a scorer asks of the datasets that it is used with. */
export type ExpectedOutput<Expected> = [Expected] extends [NoDataset] ? unknown : Expected;

/** Of the example: nothing without a dataset, and `expected` only where the dataset declares it. */
type OfExample<Expected> = [Expected] extends [NoDataset]
  ? Nothing
  : unknown extends Expected
    ? { readonly relevant: Value<Record<string, number>> }
    : { readonly expected: Ref<Expected>; readonly relevant: Value<Record<string, number>> };

/** What a scorer's wiring function is given: a finished run, by its nodes, and its example. */
export type RunScope<Input, Visible, Output, Expected> = Scope<
  Input,
  Visible,
  { readonly output: Ref<Output>; readonly run: RunFactRefs } & OfExample<Expected>
>;

/** The nodes that a pipeline shows, by id. */
export type ShownNodes<Visible> = { readonly [Id in keyof Visible]: Ref<Visible[Id]> };

/** One of two runs. */
type Side<Visible, Output> = { readonly output: Ref<Output> } & ShownNodes<Visible>;

/** What a pair scorer's is given: two finished runs of one example. */
export type PairScope<Input, Visible, Output, Expected> = Scope<
  Input,
  Nothing,
  { readonly first: Side<Visible, Output>; readonly second: Side<Visible, Output> } & OfExample<Expected>
>;

/** What a scorer is defined on, with its types. */
export interface On<PipelineId extends string, Input, Visible, Nodes, Output, Expected> {
  readonly pipeline: Pipeline<PipelineId, Input, Visible, Nodes, Output>;
  /** Lets the wiring read `expected` and `relevant`. */
  readonly dataset?: Dataset<NoInfer<Input>, Expected>;
}

/** The same without them. */
export interface ScoredPipeline {
  readonly pipeline: AnyPipeline;
  readonly dataset?: AnyDataset | undefined;
}

/** As written, checked: the pipeline with all that it knows. */
export interface Scored {
  readonly internals: Internals;
  readonly dataset: AnyDataset | undefined;
}

const SIDES = ['first', 'second'] as const;
type Kind = ScorerSpec['kind'];

/** Words of a scorer's wiring that a node may have as its id, since plans with such nodes exist. */
function wordsOf(kind: Kind): readonly string[] {
  const words = SCORER_SOURCES.filter((word) => !RESERVED_IDS.includes(word));
  return kind === 'pair' ? words : words.filter((word) => !SIDES.some((side) => side === word));
}

/**
 * Reads what a scorer is defined on.
 *
 * @throws DefinitionError `scorer_word` where a node has a word of such wiring as its id: one would hide the other.
 */
export function readScored(on: ScoredPipeline, kind: Kind, at: string): Scored {
  checkKeys(on, ['pipeline', 'dataset'], at);
  const { pipeline, dataset } = on;
  const internals = internalsOf(pipeline, at);
  for (const word of wordsOf(kind))
    if (Object.hasOwn(internals.outputs, word))
      refuse(
        'scorer_word',
        `${at}: '${internals.id}' has a node '${word}', which is a word of such a scorer's wiring`,
        'give the node another id',
        { node: word },
      );
  if (dataset !== undefined) {
    checkDataset(dataset, at);
    checkDatasetFits(dataset, internals, at);
  }
  return { internals, dataset };
}

type Refs = { readonly [word: string]: object };

/** The refs to one run, and what the scorer of it may read besides. */
export function runRefs(scored: Scored): Refs {
  const { output, outputs } = scored.internals;
  return {
    ...refsTo(outputs),
    ...exampleRefs(scored),
    output: refTo(output, ['output']),
    run: refTo(RUN_FACTS, ['run']),
  };
}

/** The refs to two runs of one example, named `first` and `second`. */
export function pairRefs(scored: Scored): Refs {
  const { output, outputs } = scored.internals;
  const sides = SIDES.map((side): [string, object] => {
    return [side, Object.freeze({ ...refsTo(outputs, side), output: refTo(output, [side, 'output']) })];
  });
  return { ...exampleRefs(scored), ...Object.fromEntries(sides) };
}

function exampleRefs({ internals, dataset }: Scored): Refs {
  return {
    input: refTo(internals.input, ['input']),
    ...(dataset && { relevant: refTo(z.record(z.string(), z.number()), ['relevant']) }),
    ...(dataset?.expected && { expected: refTo(dataset.expected, ['expected']) }),
  };
}

/** A scorer's wiring function lowered to what `schema` asks, with ids of used pipelines replaced by what they stand for. */
export function lowerScored(
  scored: Scored,
  scope: Refs,
  wiring: WiringFunction,
  schema: z.ZodObject,
  at: string,
): Wiring {
  const lowered = lowerInput(callWiring(scope, wiring, at), schema, at);
  for (const source of sourcesOf(lowered))
    if (!isIn(scope, source))
      refuse(
        'ref_elsewhere',
        `${at} is wired to '${source.join('.')}', which it cannot see`,
        'use only the refs that the wiring function is given',
      );
  const { internals } = scored;
  const resolved = replaceSources(
    lowered,
    (source) => (isSide(scope[source[0]]!) ? resolveOfSide(internals, source, at) : resolve(internals, source)),
    at,
  );
  return freezeJson(resolved);
}

function isIn(scope: Refs, [head, ...fields]: Source): boolean {
  const found = Object.hasOwn(scope, head) ? scope[head] : undefined;
  return found !== undefined && (!isSide(found) || Object.hasOwn(found, fields[0] ?? ''));
}

/** A side holds refs, and is none. */
const isSide = (inScope: object): boolean => factsOf(inScope) === undefined;

/** `related.passages` is what 'related' wires there: `related/picked.passages`. */
export function resolve({ aliases }: Internals, source: Source): Wiring | undefined {
  const [head, ...fields] = source;
  const alias = aliases.get(head);
  return alias ? within(alias, fields) : { $from: source };
}

/** The same with `first` or `second` before it. What a used pipeline only passes on is the input, which both share. */
function resolveOfSide(internals: Internals, [side, ...source]: Source, at: string): Wiring | undefined {
  const found = resolve(internals, source as unknown as Source);
  return found && replaceSources(found, (from) => ({ $from: from[0] === 'input' ? from : [side, ...from] }), at);
}
