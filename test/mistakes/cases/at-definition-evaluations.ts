/**
 * As `at-definition.ts`, of scorers, metrics and evaluations.
 */
import { z } from 'zod';
import {
  defineDataset,
  defineEvaluation,
  defineHumanScorer,
  definePairScorer,
  definePipeline,
  defineScorer,
  type Metric,
  metric,
} from '../../../src/index.ts';
import { cites, citesExpected, countWords, found, grounded, judgePair, preferred, questions, short } from '../../dsl/evaluated.ts';
import { decline, judge, keywordSearch, Passages, Question, supportBot, wide } from '../../dsl/example.ts';
import { otherVariant } from '../setup.ts';

const on = { pipeline: supportBot };
const text = z.object({ text: z.string() });

// ---------------------------------------------------------------- scorers

const withFirst = definePipeline('with-first', Question)
  .step('first', keywordSearch, ({ input }) => ({ query: input.question }))
  .output(Passages, ({ first }) => ({ passages: first.passages }));
export const aNodeNamedAsASideOfAPair = () =>
  definePairScorer('better', { pipeline: withFirst }, judgePair, ({ input }) => ({ question: input.question, first: '', second: '' }), { judge: true });
//! DefinitionError: scorer 'better': 'with-first' has a node 'first', which is a word of such a scorer's wiring
//! → give the node another id

export const aScoreWithoutBounds = () =>
  defineScorer('grounded', on, judge, ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }), { judge: true });
//! DefinitionError: scorer 'grounded': score 'score': neither its schema nor the scorer says what its worst and its best may be
//! → bound the schema, as z.number().min(0).max(1) does; or state worst and best (null: no bound); or say 'detail' of it

export const aJudgeThatDoesNotSaySo = () =>
  defineScorer('grounded', on, judge, ({ output, ranked }) => ({ answer: output.text, passages: ranked.passages }), { scores: { score: 'detail' } } as never);
//! DefinitionError: scorer 'grounded': its step 'judge@1' declares effect: 'read', and judge is not stated
//! → state judge: true where a language model gives the scores, which then decide nothing without labels; else judge: false

export const aCountWithoutABest = () =>
  defineScorer('short', on, countWords, ({ output }) => ({ text: output.text }), { scores: { words: { worst: 0 } } });
//! DefinitionError: scorer 'short': score 'words': neither its schema nor the scorer says what its best may be
//! → bound the schema, as z.number().min(0).max(1) does; or state worst and best (null: no bound); or say 'detail' of it

export const aWorstThatIsBetterThanTheBest = () =>
  defineScorer('cites', { ...on, dataset: questions }, citesExpected, ({ expected }) => ({ citations: [], wanted: expected.citations }), { scores: { recall: { better: 'lower', worst: 0, best: 1 } } });
//! DefinitionError: scorer 'cites': score 'recall': worst is 0 and best is 1, where lower is better
//! → let worst be above best

export const aScorerThatGivesText = () =>
  defineScorer('declined', on, decline, ({ input, ranked }) => ({ question: input.question, related: ranked.passages }), { judge: false });
//! DefinitionError: scorer 'declined' gives no score
//! → a field that is surely a number or a boolean is one, if it is not called a 'detail'

export const aMisspeltScore = () =>
  defineScorer('short', on, countWords, ({ output }) => ({ text: output.text }), { scores: { word: 'detail' } as never });
//! DefinitionError: scorer 'short': scores has no 'word'
//! → did you mean 'words'?

export const whatIsExpectedWithoutADataset = () =>
  defineScorer('cites', on, citesExpected, (({ expected }: Record<string, Record<string, unknown>>) => ({ wanted: expected!.citations })) as never);
//! DefinitionError: scorer 'cites' cannot be wired: Cannot read properties of undefined (reading 'citations')
//! → in scope are understood, vector, keyword, fused, ranked, reply, input, output, run

export const aRefOfAnotherScorer = () => {
  let kept: unknown;
  defineScorer('one', { ...on, dataset: questions }, citesExpected, ({ output, expected }) => {
    kept = expected.citations;
    return { citations: output.citations, wanted: expected.citations };
  });
  return defineScorer('two', on, citesExpected, (() => ({ citations: [], wanted: kept })) as never);
};
//! DefinitionError: scorer 'two' is wired to 'expected.citations', which it cannot see
//! → use only the refs that the wiring function is given

export const aPairThatNamesNoWinner = () =>
  definePairScorer('better', on, judge as never, (() => ({})) as never, { judge: true });
//! DefinitionError: scorer 'better': the output of 'judge@1' has no 'winner' that is 'first', 'second' or 'tie'
//! → give a step whose output has winner: z.enum(['first', 'second', 'tie'])

export const peopleAskedForText = () =>
  defineHumanScorer('helpful', on, { question: 'How was it?', fields: text }, ({ output }) => ({ answer: output.text }));
//! DefinitionError: scorer 'helpful': rubric: people cannot fill in 'text'
//! → use z.boolean(), z.enum([...]) or a number with bounds, such as z.int().min(1).max(5)

export const peopleShownNothing = () =>
  defineHumanScorer('helpful', on, { question: 'Good?', fields: z.object({ good: z.boolean() }) }, () => ({ answer: 'yes' }));
//! DefinitionError: scorer 'helpful' shows nothing of a run
//! → wire what people are to judge

export const aDatasetOfAnotherInput = () =>
  defineScorer('s', { ...on, dataset: defineDataset('other', { input: text, source: 'o.csv' }) } as never, countWords, () => ({ text: '' }));
//! DefinitionError: scorer 's': the input of dataset 'other' does not supply 'question', which 'support-bot' takes
//! → use a dataset of the same input

// ---------------------------------------------------------------- metrics

type Score = { readonly [field: string]: never };
type Scope = { score(scorer: object): Score; run: Score };
/** An evaluation whose only mistake is its metrics, written without types. */
const concluding = (metrics: (scope: Scope) => { readonly [role: string]: readonly unknown[] }) =>
  defineEvaluation('e', { ...on, dataset: questions, variants: [wide], scorers: [grounded, cites, preferred], metrics: metrics as never });

export const aMeanOfABoolean = () =>
  concluding(({ score }) => ({ primary: [metric.mean('passed', score(grounded).passed!).increase()] }));
//! DefinitionError: metric 'passed' is of 'score.grounded.passed', which is no ref to a number
//! → give a score, score(scorer).field, or a fact of the run, such as run.costUsd

export const aScorerThatIsNotListed = () =>
  concluding(({ score }) => ({ primary: [metric.mean('words', score(short).words!).decrease()] }));
//! DefinitionError: evaluation 'e': metrics: score() is given 'short', which is none of its scorers
//! → add it to scorers, or use one that is there

export const aMisspeltScoreInAMetric = () =>
  concluding(({ score }) => ({ primary: [metric.mean('recall', score(cites).recal!).increase()] }));
//! DefinitionError: metric 'recall' is of undefined, which is no ref to a number
//! → is a field misspelt? give a score, score(scorer).field, or a fact of the run, such as run.costUsd

export const computingWithAScore = () =>
  concluding(({ score }) => ({ primary: [metric.mean('recall', (score(cites).recall! * 2) as never).increase()] }));
//! DefinitionError: 'score.cites.recall' has no value at definition: pass it, do not compute with it
//! → write a step that computes, and wire the ref into it

export const aRunThatIsToCostMore = () =>
  concluding(({ run }) => ({ primary: [metric.mean('cost', run.costUsd!).increase()] }));
//! DefinitionError: evaluation 'e': metric 'cost' is to get higher, but lower is better of 'costUsd'
//! → use .decrease

export const threePointsAsThree = () =>
  concluding(({ score }) => ({ primary: [metric.rate('passed', score(grounded).passed!).increase({ minimumEffect: 3 })] }));
//! DefinitionError: evaluation 'e': metric 'passed': minimumEffect is 3, but no two values are further apart than 1
//! → state it in the unit of the metric: three points of a share are 0.03

export const aShareAboveEveryValue = () =>
  concluding(({ score }) => ({ primary: [metric.share('good', score(cites).recall!, { above: 1 }).increase()] }));
//! DefinitionError: evaluation 'e': metric 'good': 'cites.recall' is never above 1
//! → choose a threshold that some values are above, and others are not

export const aMarginOfNothing = () =>
  concluding(({ run }) => ({ primary: [metric.mean('cost', run.costUsd!).noWorseThan(0)] }));
//! DefinitionError: metric 'cost': its margin is 0
//! → give a number above 0, in the unit of the metric

export const aMetricWithoutAWay = () =>
  concluding(({ run }) => ({ primary: [metric.mean('cost', run.costUsd!)] }));
//! DefinitionError: evaluation 'e': primary holds the secondary metric 'cost'
//! → end it in .increase(...) or .decrease(...)

export const twoMetricsOfOneName = () =>
  concluding(({ run }) => ({
    primary: [metric.mean('cost', run.costUsd!).decrease()],
    secondary: [metric.share('cost', run.costUsd!, { above: 1 })],
  }));
//! DefinitionError: evaluation 'e' has two metrics named 'cost'
//! → give one another name

export const nothingThatDecides = () => concluding(() => ({ primary: [] }));
//! DefinitionError: evaluation 'e' has no primary metric
//! → say what decides: primary: [metric.mean('name', score(scorer).field).increase()]

export const aMetricOfAnotherEvaluation = () => {
  let kept: Metric<'primary'> | undefined;
  defineEvaluation('other', {
    ...{ ...on, dataset: questions, variants: [wide], scorers: [short] },
    metrics: ({ score }) => {
      kept = metric.mean('words', score(short).words).decrease();
      return { primary: [kept] };
    },
  });
  return concluding(() => ({ primary: [kept] }));
};
//! DefinitionError: evaluation 'e': metric 'words' is of 'short.words', which this evaluation does not have
//! → use only what its metrics function is given: score and run

// ---------------------------------------------------------------- evaluations

const evaluation = {
  ...{ ...on, dataset: questions, variants: [wide], scorers: [cites] },
  metrics: () => ({ primary: [] }),
};

export const theBaselineAmongItsVariants = () => defineEvaluation('e', { ...evaluation, baseline: wide });
//! DefinitionError: evaluation 'e': 'wide' is there twice, as its baseline and as a variant
//! → leave one out, or give one another name

export const thePipelineAmongItsVariants = () => defineEvaluation('e', { ...evaluation, variants: [supportBot] as never });
//! DefinitionError: evaluation 'e': variants holds 'support-bot' itself
//! → leave it out: it is the baseline

export const aVariantOfAnotherPipeline = () => defineEvaluation('e', { ...evaluation, variants: [otherVariant] as never });
//! DefinitionError: evaluation 'e': variant 'other' is of 'other-bot', not of 'support-bot'
//! → use one of 'support-bot'

export const aScorerOfAnotherPipeline = () => defineEvaluation('e', { ...evaluation, scorers: [found] as never });
//! DefinitionError: evaluation 'e': scorer 'found' is of 'pages-only', not of 'support-bot'
//! → use one of 'support-bot'

export const aScorerTwice = () => defineEvaluation('e', { ...evaluation, scorers: [cites, cites] });
//! DefinitionError: evaluation 'e' has two scorers 'cites'
//! → give one another id

export const aDatasetWithoutWhatAScorerReads = () =>
  defineEvaluation('e', { ...evaluation, dataset: defineDataset('plain', { input: Question, source: 'p.csv' }) } as never);
//! DefinitionError: evaluation 'e': scorer 'cites' reads 'expected.citations', which dataset 'plain' does not have
//! → declare it in the dataset's expected, or use another scorer

export const noMetricsAtAll = () => defineEvaluation('e', { ...evaluation, metrics: undefined as never });
//! DefinitionError: evaluation 'e': metrics is undefined
//! → give a function: ({ score, run }) => ({ primary: [ ... ] })

export const twentyOneRepeats = () => defineEvaluation('e', { ...evaluation, repeats: 21 });
//! DefinitionError: evaluation 'e': repeats is 21
//! → give a whole number from 1 to 20

export const anAlphaInPercent = () => defineEvaluation('e', { ...evaluation, alpha: 5 });
//! DefinitionError: evaluation 'e': alpha is 5
//! → give a number above 0 and at most 0.5; usual is 0.05

export const aBudgetOfNothing = () => defineEvaluation('e', { ...evaluation, limits: { costUsd: 0 } });
//! DefinitionError: evaluation 'e': costUsd is 0
//! → give US dollars, above 0; leave it out for no limit
