/**
 * `defineHumanScorer`: what people are asked about finished runs, and what they are shown. Nothing is called: a cell is
 * missing until somebody has labelled what it is about.
 */
import { z } from 'zod';
import { LIMITS } from '../plan/limits.ts';
import type { Json } from '../plan/plan.ts';
import type { WiringFunction } from './draft.ts';
import { checkFaithful } from './faithful.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import { type ScoreOptions, scoreFields } from './score-fields.ts';
import { lowerScored, readScored, runScope, type ScoredPipeline } from './scored-scope.ts';
import { type AnyScorer, toScorer } from './scorer.ts';
import { choicesOf, isBoolean, rangeOf, type Schema } from './shape.ts';

/** What people are asked to fill in. */
export interface Rubric<Fields extends z.ZodObject = z.ZodObject> {
  /** One sentence that says what to judge, and by which measure. */
  readonly question: string;
  /** Booleans, numbers with bounds, and enums; `.describe(...)` says what a field means. */
  readonly fields: Fields;
  /** As a scorer's: which way is better, where it is not up. */
  readonly scores?: ScoreOptions<z.output<Fields>>;
}

/** Whatever is shown: any keys. */
const SHOWN = z.looseObject({});

export function defineHumanScorer(id: string, on: ScoredPipeline, rubric: Rubric, wire: WiringFunction): AnyScorer {
  checkName(id, 'a scorer named');
  const at = `scorer '${id}'`;
  const scored = readScored(on, at);
  checkRubric(rubric, `${at}: rubric`);
  const input = lowerScored(scored, runScope(scored), wire, SHOWN, at);
  if ('$value' in input) refuse('human_shown', `${at} shows nothing of a run`, 'wire what people are to judge');
  const { question, fields } = rubric;
  const asked: Json = { question, fields: JSON.parse(JSON.stringify(z.toJSONSchema(fields))) as Json };
  return toScorer(
    {
      ...{ id, kind: 'human', step: undefined, scored, call: null, policy: null, input },
      rubric: Object.freeze({ ...rubric }),
      fields: scoreFields(fields, rubric.scores, at),
    },
    asked,
  );
}

function checkRubric(rubric: Rubric, at: string): void {
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
