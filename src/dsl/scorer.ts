/**
 * `defineScorer`: a step that is asked about finished runs. It is versioned, retried and remembered as any other step is;
 * what it reads is wired as nodes are, over the run and its example. `definePairScorer`: a step that compares two runs;
 * scorers by people have their own module.
 */
import { z } from 'zod';
import type { ScoreField, ScorerSpec } from '../model/evaluation-spec.ts';
import { completePolicy } from '../plan/compose.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { Rubric } from './human-scorer.ts';
import type { PairScore } from './metric.ts';
import { callOf, checkScores, statedPolicy } from './place-step.ts';
import type { Inputs, NoExtra } from './ref.ts';
import { checkKeys, checkName, checkObject, refuse, show } from './refuse.ts';
import {
  type ExpectedOutput,
  lowerScored,
  type NoDataset,
  type On,
  type PairScope,
  pairRefs,
  type RunScope,
  readScored,
  runRefs,
} from './scored-scope.ts';
import { choicesOf, fieldsOf, isBoolean, mayBeAbsent, rangeOf, type Schema } from './shape.ts';
import { type AnyStep, type Step, stepName } from './step.ts';

declare const TYPES: unique symbol;

/** What a scorer's step may do: a `write` is never executed outside live runs. */
export type ScorerEffect = 'none' | 'read';

/**
 * Whether the scores are verdicts of a judge, such as a language model, whose error only labels of people can measure. A
 * judge without enough labels never gates. Required where the step reads something outside, which may be a model; a step
 * without effects can still pass on a model's grades, read from a node.
 */
export type JudgeOption<StepEffect extends ScorerEffect> = [StepEffect] extends ['none']
  ? { readonly judge?: boolean }
  : { readonly judge: boolean };

/** The last argument of a scorer's definition, which may be left out where nothing in it is required. */
export type ScorerOptions<StepEffect extends ScorerEffect, Options> = [StepEffect] extends ['none']
  ? [options?: Options & JudgeOption<'none'>]
  : [options: Options & JudgeOption<StepEffect>];

/** A scorer at run time, without its types. */
export interface AnyScorer {
  readonly id: string;
  readonly kind: ScorerSpec['kind'];
  /** The pipeline whose runs it scores, and those of its variants. */
  readonly pipelineId: string;
  /** Name of the dataset whose `expected` it was written against, where it may read one. */
  readonly dataset: string | undefined;
  /** Undefined for a human scorer. */
  readonly step: AnyStep | undefined;
  /** What people are asked; undefined for others. */
  readonly rubric: Rubric | undefined;
  /** Frozen JSON: what an evaluation keeps of it. */
  readonly spec: ScorerSpec;
}

/**
 * A scorer with its types: whose runs it scores, what it needs to be expected (`unknown`: nothing), and what it gives. Its
 * id is part of its type, so that an evaluation's metrics can be held to that evaluation's scorers.
 */
export interface Scorer<out Id extends string, out PipelineId extends string, in Expected, out Score>
  extends AnyScorer {
  readonly id: Id;
  readonly pipelineId: PipelineId;
  /** Of the compiler only: nothing is there at run time. */
  readonly [TYPES]: { expected(value: Expected): void; score: Score };
}

/** What refs to a scorer's scores can be entered by. */
export type ScoreOf<S extends AnyScorer> = S extends Scorer<string, string, never, infer Score> ? Score : never;

/**
 * Declares a scorer: a step that is asked about each finished run. It is called, retried and remembered like any other
 * step, so equal answers are judged once.
 *
 * @param id letters, digits, '-' and '_'; a participle or quality reads best (`grounded`)
 * @param on the pipeline whose runs it scores; with a dataset, it may also read what is expected of an example
 * @param step what is called; its numbers and booleans are scores, its other fields are kept with them
 * @param wire returns what the step takes, as refs to the run (`input`, `output`, `run`, any visible node) and to the
 *   example (`expected`, `relevant`); runs once, now. Where a ref has no value, the score is missing, never zero
 * @param options `config` as a node's; `scores`: by field, which way is better, how it is shown, its worst and its best.
 *   What a schema bounds need not be stated; `'detail'` says that a field is no score. `judge`: see `JudgeOption`
 * @throws DefinitionError naming the scorer and the part that is wrong
 *
 * @example
 * export const grounded = defineScorer(
 *   'grounded',
 *   { pipeline: docsBot },
 *   judgeGrounded,
 *   ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }),
 *   { judge: true, config: { model: 'openai/gpt-4.1-mini' } },
 * );
 */
export function defineScorer<
  const Id extends string,
  PipelineId extends string,
  Input,
  Visible,
  Nodes,
  Output,
  StepInput,
  Given,
  Config,
  StepEffect extends ScorerEffect,
  Wired extends Inputs<Id, StepInput>,
  Expected = NoDataset,
>(
  id: Id,
  on: On<PipelineId, Input, Visible, Nodes, Output, Expected>,
  step: Step<StepInput, Given, Config, StepEffect>,
  wire: (scope: RunScope<Input, Visible, Output, Expected>) => Wired & NoExtra<Id, Wired, StepInput>,
  ...rest: ScorerOptions<
    StepEffect,
    { readonly config?: NoInfer<Config>; readonly scores?: ScoreOptions<NoInfer<Given>> }
  >
): Scorer<Id, PipelineId, ExpectedOutput<Expected>, Scores<Given>> {
  checkName(id, 'a scorer named');
  const at = `scorer '${id}'`;
  const scored = readScored(on, 'step', at);
  checkScores(step, at);
  const [options = {}] = rest;
  checkKeys(options, ['config', 'scores', 'judge'], at);
  const scorer = toScorer({
    ...{ id, kind: 'step', step, scored, rubric: undefined },
    call: callOf(step, options.config ?? {}, at),
    policy: completePolicy(statedPolicy(step, {}, at)),
    input: lowerScored(scored, runRefs(scored), wire, step.input, at),
    fields: scoreFields(step.output, options.scores, at),
    judge: readJudge(step, options, at),
  });
  return scorer as Scorer<Id, PipelineId, ExpectedOutput<Expected>, Scores<Given>>;
}

/** @throws DefinitionError `judge_invalid`, and `judge_unstated` where the step has an effect */
export function readJudge(step: AnyStep, { judge }: { readonly judge?: unknown }, at: string): boolean {
  if (typeof judge === 'boolean') return judge;
  if (judge !== undefined) refuse('judge_invalid', `${at}: judge is ${show(judge)}`, 'use true or false');
  if (step.effect === 'none') return false;
  return refuse(
    'judge_unstated',
    `${at}: its step '${stepName(step)}' declares effect: '${step.effect}', and judge is not stated`,
    'state judge: true where a language model gives the scores, which then decide nothing without labels; else judge: false',
  );
}

type Parts = Omit<ScorerSpec, 'definitionHash' | 'judge'> & {
  readonly judge: boolean;
  readonly step: AnyStep | undefined;
  readonly rubric: Rubric | undefined;
  readonly scored: ReturnType<typeof readScored>;
};

/** The scorer as authors hold it. `asked`: what people read, which is part of what a human scorer is. */
export function toScorer({ step, rubric, scored, ...parts }: Parts, asked?: Json): AnyScorer {
  const { id, kind, call, input, fields } = parts;
  const defined = { kind, call, input, fields, ...(asked !== undefined && { asked }) };
  const spec: ScorerSpec = Object.freeze({ ...parts, definitionHash: hashJson(defined as unknown as Json) });
  const { internals, dataset } = scored;
  return Object.freeze({ id, kind, pipelineId: internals.id, dataset: dataset?.name, step, rubric, spec });
}

/** What its scores are, as a schema: what metrics are made of. */
export function scoreSchema({ kind, step, rubric, spec }: AnyScorer): z.ZodObject {
  const shape = (rubric?.fields ?? step!.output).shape;
  const scores = Object.keys(spec.fields).map((field) => [field, kind === 'pair' ? z.number() : shape[field]!]);
  return z.object(Object.fromEntries(scores));
}

/** The fields that can be scores: those that are surely a number or a boolean. */
export type Scores<Output> = {
  readonly [Field in keyof Output as [Output[Field]] extends [number | boolean] ? Field : never]: Output[Field];
};

/** What the definition says of one score, where it says anything. */
export interface ScoreSettings {
  /** Default: higher. */
  readonly better?: ScoreField['better'];
  /** How values are shown. Default: a number as a number, a boolean as a share. */
  readonly format?: ScoreField['format'];
  /** What a run gets that its variant made fail. Default: the schema's bound; of a boolean 0 (1 where lower is better). */
  readonly worst?: number;
  /** Null: there is no bound. Default: the schema's bound; of a boolean 1 (0 where lower is better). */
  readonly best?: number | null;
}

/** By field. `'detail'`: no score, but kept with the scores as text fields are. */
export type ScoreOptions<Output> = { readonly [Field in keyof Scores<Output>]?: ScoreSettings | 'detail' };

const FORMATS: readonly unknown[] = ['number', 'share', 'ms', 'usd'] satisfies ScoreField['format'][];
type Fields = { readonly [field: string]: ScoreField };

/**
 * The scores of what a schema describes.
 *
 * @throws DefinitionError `score_none` where there is not one, `score_unbounded` where neither the schema nor the
 *   settings say how bad it can be, or how good.
 */
export function scoreFields(schema: Schema, settings: object | undefined, at: string): Fields {
  const possible = Object.entries(fieldsOf(schema) ?? {}).filter(([, field]) => rangeOfScore(field));
  const where = `${at}: scores`;
  checkKeys(settings ?? {}, namesOf(possible), where);
  const fields = possible.flatMap(([name, field]): [string, ScoreField][] => {
    const set = (settings as { readonly [name: string]: unknown } | undefined)?.[name];
    return set === 'detail' ? [] : [[name, scoreField(field, set ?? {}, `${at}: score '${name}'`)]];
  });
  if (fields.length === 0)
    refuse(
      'score_none',
      `${at} gives no score`,
      "a field that is surely a number or a boolean is one, if it is not called a 'detail'",
    );
  if (fields.length > LIMITS.scoreFields)
    refuse(
      'limit_exceeded',
      `${at} gives ${fields.length} scores`,
      `use at most ${LIMITS.scoreFields}; say 'detail' of the others`,
    );
  return Object.freeze(Object.fromEntries(fields));
}

const namesOf = (entries: readonly (readonly [string, unknown])[]) => entries.map(([name]) => name);

function rangeOfScore(schema: Schema): readonly [least: number, most: number] | undefined {
  if (mayBeAbsent(schema)) return undefined;
  return isBoolean(schema) ? [0, 1] : rangeOf(schema);
}

function scoreField(schema: Schema, set: unknown, at: string): ScoreField {
  checkObject(set, at);
  checkKeys(set, ['better', 'format', 'worst', 'best'], at);
  const { better = 'higher', format = isBoolean(schema) ? 'share' : 'number', ...stated }: ScoreSettings = set;
  if (better !== 'higher' && better !== 'lower')
    refuse('score_invalid', `${at}: better is ${show(better)}`, "use 'higher' or 'lower'");
  if (!FORMATS.includes(format))
    refuse('score_invalid', `${at}: format is ${show(format)}`, "use 'number', 'share', 'ms' or 'usd'");
  const [least, most] = rangeOfScore(schema)!;
  const [low, high] = better === 'higher' ? [least, most] : [most, least];
  const { worst = low, best = high } = stated;
  checkBounds({ worst, best }, at);
  if (best !== null && (better === 'higher' ? worst >= best : worst <= best))
    refuse(
      'score_invalid',
      `${at}: worst is ${worst} and best is ${best}, where ${better} is better`,
      better === 'higher' ? 'let worst be below best' : 'let worst be above best',
    );
  return Object.freeze({ better, format, worst, best });
}

function checkBounds(bounds: { readonly worst: number; readonly best: number | null }, at: string): void {
  const entries = Object.entries(bounds).filter(([, value]) => value !== null);
  const unknown = entries.filter(([, value]) => value === Infinity || value === -Infinity).map(([which]) => which);
  if (unknown.length > 0)
    refuse(
      'score_unbounded',
      `${at}: neither its schema nor the scorer says what its ${unknown.join(' and its ')} may be`,
      "bound the schema, as z.number().min(0).max(1) does; or state worst and best (null: no bound); or say 'detail' of it",
    );
  for (const [which, value] of entries)
    if (!Number.isFinite(value)) refuse('score_invalid', `${at}: ${which} is ${show(value)}`, 'give a number');
}

// `definePairScorer`: a step that is shown two runs of one example and says which is better. It is asked twice, with the
// sides exchanged, so that the place of an answer decides nothing.

const WINNERS: readonly string[] = ['first', 'second', 'tie'];
/** 1 for the variant, 0 for the baseline, 0.5 where neither is better, or the two orders disagree. */
const WIN = Object.freeze({ better: 'higher', format: 'share', worst: 0, best: 1 } as const);

/**
 * Declares a scorer of pairs: a step that is shown the baseline's run and a variant's, and names the better one.
 *
 * @param id letters, digits, '-' and '_'
 * @param on the pipeline whose runs it compares; with a dataset, it may also read what is expected of an example
 * @param step what is called; its output has a `winner`, which is 'first', 'second' or 'tie'
 * @param wire returns what the step takes, as refs to `first` and `second` (each has `output` and the visible nodes),
 *   `input`, and with a dataset `expected` and `relevant`; runs once, now
 * @param options `config` as a node's; `judge`: see `JudgeOption`
 * @throws DefinitionError naming the scorer and the part that is wrong
 *
 * @example
 * export const preferred = definePairScorer(
 *   'preferred',
 *   { pipeline: docsBot },
 *   judgePair,
 *   ({ input, first, second }) => ({ question: input.question, first: first.output.text, second: second.output.text }),
 *   { judge: true },
 * );
 */
export function definePairScorer<
  const Id extends string,
  PipelineId extends string,
  Input,
  Visible,
  Nodes,
  Output,
  StepInput,
  Config,
  StepEffect extends ScorerEffect,
  Wired extends Inputs<Id, StepInput>,
  Expected = NoDataset,
>(
  id: Id,
  on: On<PipelineId, Input, Visible, Nodes, Output, Expected>,
  step: Step<StepInput, { readonly winner: 'first' | 'second' | 'tie' }, Config, StepEffect>,
  wire: (scope: PairScope<Input, Visible, Output, Expected>) => Wired & NoExtra<Id, Wired, StepInput>,
  ...rest: ScorerOptions<StepEffect, { readonly config?: NoInfer<Config> }>
): Scorer<Id, PipelineId, ExpectedOutput<Expected>, PairScore> {
  checkName(id, 'a scorer named');
  const at = `scorer '${id}'`;
  const scored = readScored(on, 'pair', at);
  checkScores(step, at);
  const [options = {}] = rest;
  checkKeys(options, ['config', 'judge'], at);
  checkWinner(step, at);
  const scorer = toScorer({
    ...{ id, kind: 'pair', step, scored, rubric: undefined },
    call: callOf(step, options.config ?? {}, at),
    policy: completePolicy(statedPolicy(step, {}, at)),
    input: lowerScored(scored, pairRefs(scored), wire, step.input, at),
    fields: Object.freeze({ win: WIN }),
    judge: readJudge(step, options, at),
  });
  return scorer as Scorer<Id, PipelineId, ExpectedOutput<Expected>, PairScore>;
}

function checkWinner(step: AnyStep, at: string): void {
  const winner = fieldsOf(step.output)?.winner;
  const choices = winner && choicesOf(winner);
  if (!choices?.every((choice) => WINNERS.includes(choice)))
    refuse(
      'pair_winner',
      `${at}: the output of '${stepName(step)}' has no 'winner' that is 'first', 'second' or 'tie'`,
      "give a step whose output has winner: z.enum(['first', 'second', 'tie'])",
    );
}
