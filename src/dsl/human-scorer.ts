/**
 * `defineHumanScorer`: what people are asked about finished runs, and what they are shown. Nothing is called: a cell is
 * missing until somebody has labelled what it is about.
 */
import { z } from 'zod';
import type { Json } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { Value } from './ref.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import {
  type ExpectedOutput,
  lowerScored,
  type NoDataset,
  type On,
  type RunScope,
  readScored,
  runRefs,
} from './scored-scope.ts';
import { type ScoreOptions, type Scorer, type Scores, scoreFields, toScorer } from './scorer.ts';
import { checkFaithful, choicesOf, isBoolean, rangeOf, type Schema } from './shape.ts';

/** What people are asked, and what they fill in. */
export interface Rubric<Fields extends z.ZodObject = z.ZodObject> {
  /** One sentence that says what to judge, and by which measure. */
  readonly question: string;
  /** Booleans, numbers with bounds, and enums; `.describe(...)` says what a field means. */
  readonly fields: Fields;
}

/** What people may be shown: refs, literals, and lists and objects of these. */
type Shown = Value<unknown> | string | number | boolean | null | readonly Shown[] | { readonly [key: string]: Shown };

/** The shown values, under any keys. */
const SHOWN = z.looseObject({});

/**
 * Declares what people are asked about finished runs. Their labels are the scores; a run that nobody has labelled has none.
 *
 * @param id letters, digits, '-' and '_'
 * @param on the pipeline whose runs are labelled; with a dataset, people may also be shown what is expected
 * @param rubric the question, and the fields to fill in: booleans and numbers are scores, enums are kept with them;
 *   `scores` as a scorer's: by field, which way is better, where that is not up
 * @param wire returns what people are shown: an object with any keys, of refs as a scorer's; runs once, now. What is shown
 *   equally is labelled once
 * @throws DefinitionError naming the scorer and the part that is wrong
 *
 * @example
 * export const helpful = defineHumanScorer(
 *   'helpful',
 *   { pipeline: docsBot },
 *   {
 *     question: 'Would this answer have solved the problem of the person who asked?',
 *     fields: z.object({ solved: z.boolean(), clarity: z.int().min(1).max(5) }),
 *   },
 *   ({ input, output }) => ({ question: input.question, answer: output.text }),
 * );
 */
export function defineHumanScorer<
  const Id extends string,
  PipelineId extends string,
  Input,
  Visible,
  Nodes,
  Output,
  Fields extends z.ZodObject,
  Expected = NoDataset,
>(
  id: Id,
  on: On<PipelineId, Input, Visible, Nodes, Output, Expected>,
  rubric: Rubric<Fields> & { readonly scores?: ScoreOptions<z.output<Fields>> },
  wire: (scope: RunScope<Input, Visible, Output, Expected>) => { readonly [shown: string]: Shown },
): Scorer<Id, PipelineId, ExpectedOutput<Expected>, Scores<z.output<Fields>>> {
  checkName(id, 'a scorer named');
  const at = `scorer '${id}'`;
  const scored = readScored(on, 'human', at);
  checkRubric(rubric, `${at}: rubric`);
  const input = lowerScored(scored, runRefs(scored), wire, SHOWN, at);
  if ('$value' in input) refuse('human_shown', `${at} shows nothing of a run`, 'wire what people are to judge');
  const { question, fields } = rubric;
  const asked: Json = { question, fields: JSON.parse(JSON.stringify(z.toJSONSchema(fields))) as Json };
  const scorer = toScorer(
    {
      ...{ id, kind: 'human', judge: false, step: undefined, scored, call: null, policy: null, input },
      rubric: Object.freeze({ question, fields }),
      fields: scoreFields(fields, rubric.scores, at),
    },
    asked,
  );
  return scorer as Scorer<Id, PipelineId, ExpectedOutput<Expected>, Scores<z.output<Fields>>>;
}

function checkRubric(rubric: Rubric & { readonly scores?: object }, at: string): void {
  checkKeys(rubric, ['question', 'fields', 'scores'], at);
  const { question, fields } = rubric;
  if (typeof question !== 'string' || question.trim() === '' || question.length > LIMITS.rubricQuestion)
    refuse(
      'rubric_invalid',
      `${at}: question is ${show(question)}`,
      `write a sentence of at most ${LIMITS.rubricQuestion} characters`,
    );
  checkFaithful(fields, `${at}: fields`);
  for (const [name, field] of Object.entries(fields.shape))
    if (!canBeFilledIn(field))
      refuse(
        'rubric_invalid',
        `${at}: people cannot fill in '${name}'`,
        'use z.boolean(), z.enum([...]) or a number with bounds, such as z.int().min(1).max(5)',
        { field: name },
      );
}

function canBeFilledIn(schema: Schema): boolean {
  return isBoolean(schema) || choicesOf(schema) !== undefined || rangeOf(schema)?.every(Number.isFinite) === true;
}
