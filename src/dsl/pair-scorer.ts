/**
 * `definePairScorer`: a step that is shown two runs of one example and says which is better. It is asked twice, with the
 * sides exchanged, so that the place of an answer decides nothing.
 */
import { completePolicy } from '../plan/compose.ts';
import type { PairScore } from './metric.ts';
import { callOf, checkScores, statedPolicy } from './place-step.ts';
import type { Inputs, NoExtra } from './ref.ts';
import { checkKeys, checkName, refuse } from './refuse.ts';
import {
  type ExpectedOutput,
  lowerScored,
  type NoDataset,
  type On,
  type PairScope,
  pairRefs,
  readScored,
} from './scored-scope.ts';
import { readJudge, type Scorer, type ScorerEffect, type ScorerOptions, toScorer } from './scorer.ts';
import { choicesOf, fieldsOf } from './shape.ts';
import { type AnyStep, type Step, stepName } from './step.ts';

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
