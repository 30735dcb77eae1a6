/**
 * As `at-definition.ts`, of experiments and their metrics.
 */
import { defineEvaluation, defineExperiment, type Metric, metric } from '../../../src/index.ts';
import { cites, found, grounded, helpful, preferred, questions, short } from '../../dsl/evaluated.ts';
import { imagined, supportBot, wide } from '../../dsl/example.ts';
import { fewer, pages } from '../../dsl/experimented.ts';
import { otherPipeline, otherVariant } from '../setup.ts';

type Fields = { readonly [field: string]: never };
type Scope = { score(scorer: object): Fields; run: Fields; feedback: Fields; output: Fields; nodes: { readonly [id: string]: Fields } };
const failing = ({ run }: Scope) => ({ primary: [metric.rate('failed', run.failed!).decrease()] });
/** An experiment with one mistake, written without types. */
const experiment = (parts: object) =>
  defineExperiment('e', {
    ...{ pipeline: supportBot, variants: [wide], metrics: failing },
    ...{ traffic: { share: 0.2, weights: { baseline: 0.5, wide: 0.5 } }, ...parts },
  } as never);
const weighing = (weights: object, variants = [wide] as readonly object[]) => experiment({ variants, traffic: { share: 0.2, weights } });
const concluding = (metrics: (scope: Scope) => { readonly [role: string]: readonly unknown[] }) => experiment({ metrics });

// ---------------------------------------------------------------- arms

export const noVariants = () => weighing({ baseline: 1 }, []);
//! DefinitionError: experiment 'e' has no variants
//! → give at least one: .variant('name', (edit) => edit...)

export const aVariantOfAnotherPipeline = () => weighing({ baseline: 0.5, other: 0.5 }, [otherVariant]);
//! DefinitionError: experiment 'e': variant 'other' is of 'other-bot', not of 'support-bot'
//! → use one of 'support-bot'

export const aVariantAsThePipeline = () => experiment({ pipeline: wide, variants: [imagined] });
//! DefinitionError: experiment 'e' is of variant 'wide'
//! → give 'support-bot' itself: what is deployed of it is the baseline

export const aVariantThatIsTheBaseline = () =>
  weighing({ baseline: 0.5, plain: 0.5 }, [supportBot.variant('plain', (edit) => edit)]);
//! DefinitionError: experiment 'e': variant 'plain' is the same plan as the baseline
//! → let it edit something, or leave it out

export const aVariantByTwoNames = () =>
  weighing({ baseline: 0.5, wide: 0.25, broad: 0.25 }, [wide, wide.variant('broad', (edit) => edit)]);
//! DefinitionError: experiment 'e': variant 'broad' is the same plan as variant 'wide'
//! → let it edit something, or leave it out

export const elevenVariants = () =>
  weighing({}, Array.from({ length: 11 }, (_, n) => supportBot.variant(`v${n}`, (edit) => edit.configure('ranked', { topN: n + 1 }))));
//! DefinitionError: experiment 'e': variants: there are 11
//! → use at most 10

// ---------------------------------------------------------------- traffic

export const weightsThatDoNotSumToOne = () => weighing({ baseline: 0.5, wide: 0.4 });
//! DefinitionError: experiment 'e': traffic: weights sum to 0.9
//! → let them sum to 1

export const weightsInPercent = () => weighing({ baseline: 50, wide: 50 });
//! DefinitionError: experiment 'e': traffic: weights sum to 100
//! → let them sum to 1

export const anArmWithoutAWeight = () => weighing({ baseline: 1 });
//! DefinitionError: experiment 'e': traffic: weights: 'wide' has none
//! → give 'wide' a weight above 0

export const theWeightOfNoArm = () => weighing({ baseline: 0.5, wide: 0.25, wise: 0.25 });
//! DefinitionError: experiment 'e': traffic: weights has no 'wise'
//! → did you mean 'wide'?

export const aVariantThatNobodyGets = () => weighing({ baseline: 1, wide: 0 });
//! DefinitionError: experiment 'e': traffic: weights: that of 'wide' is 0
//! → give a number above 0, or leave the variant out

export const noBaseline = () => weighing({ baseline: 0, wide: 1 });
//! DefinitionError: experiment 'e': traffic: weights: that of 'baseline' is 0
//! → give a number above 0: without a baseline nothing is compared

export const aWeightBelowNothing = () => weighing({ baseline: 1.5, wide: -0.5 });
//! DefinitionError: experiment 'e': traffic: weights: that of 'wide' is -0.5
//! → give a number above 0, or leave the variant out

export const noShare = () => experiment({ traffic: { share: 0, weights: { baseline: 0.5, wide: 0.5 } } });
//! DefinitionError: experiment 'e': traffic: share is 0
//! → give a number above 0 and at most 1: a fifth is 0.2

export const aShareInPercent = () => experiment({ traffic: { share: 20, weights: { baseline: 0.5, wide: 0.5 } } });
//! DefinitionError: experiment 'e': traffic: share is 20
//! → give a number above 0 and at most 1: a fifth is 0.2

export const anOverrideToNoArm = () => experiment({ overrides: { 'user-1': 'wise' } });
//! DefinitionError: experiment 'e': overrides: 'user-1' gets 'wise', which is no arm
//! → did you mean 'wide'?

export const anOverrideOfNobody = () => experiment({ overrides: { '': 'wide' } });
//! DefinitionError: experiment 'e': overrides: '': the unit cannot be assigned to an arm: it is empty
//! → give the id of the user (or of another unit that always gets the same arm) as text of 1 to 1,000 UTF-8 bytes; a longer one, or one that is not text, as its hash

export const aThousandAndOneOverrides = () =>
  experiment({ overrides: Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`user-${n}`, 'wide'])) });
//! DefinitionError: experiment 'e': overrides: there are 1001
//! → use at most 1000

export const aUnitThatIsNoText = () => experiment({ unit: ({ input }: Scope['nodes']) => input!.history });
//! DefinitionError: experiment 'e': unit is no ref to a text
//! → return a ref to a text of the input, ({ input }) => input.userId; or leave it out, and let callers name the unit

export const aUnitThatTheInputDoesNotHave = () => experiment({ unit: ({ input }: Scope['nodes']) => input!.user });
//! DefinitionError: experiment 'e': unit is no ref to a text
//! → return a ref to a text of the input, ({ input }) => input.userId; or leave it out, and let callers name the unit

export const everybodyAsOneUnit = () => experiment({ unit: () => 'everybody' });
//! DefinitionError: experiment 'e': unit is no ref to a text
//! → return a ref to a text of the input, ({ input }) => input.userId; or leave it out, and let callers name the unit

export const aTargetThatIsNoBoolean = () => experiment({ target: ({ input }: Scope['nodes']) => input!.question });
//! DefinitionError: experiment 'e': target is no ref to a boolean
//! → let callers put the boolean into the input, and return a ref to it

export const aTargetThatOnlyTheRunWillKnow = () =>
  experiment({ target: ({ understood }: Scope['nodes']) => understood!.answerable });
//! DefinitionError: experiment 'e': target cannot be wired: Cannot read properties of undefined (reading 'answerable')
//! → in scope are input

export const aLayerWithASpace = () => experiment({ layer: 'retrieval and ranking' });
//! DefinitionError: experiment 'e': layer 'retrieval and ranking' may hold only letters, digits, '-' and '_'
//! → choose another name

// ---------------------------------------------------------------- scorers

export const aScorerThatReadsWhatIsExpected = () => experiment({ scorers: [cites] });
//! DefinitionError: experiment 'e': scorer 'cites' reads an example, which a live run does not have
//! → use one that is defined without a dataset

export const aScorerOfPairs = () => experiment({ scorers: [preferred] });
//! DefinitionError: experiment 'e': scorer 'preferred' compares two runs, which cannot be done as runs come in
//! → use one of defineScorer

export const aScorerOfPeople = () => experiment({ scorers: [helpful] });
//! DefinitionError: experiment 'e': scorer 'helpful' asks people, which cannot be done as runs come in
//! → use one of defineScorer

export const aScorerOfAnotherPipeline = () => experiment({ scorers: [found] });
//! DefinitionError: experiment 'e': scorer 'found' is of 'pages-only', not of 'support-bot'
//! → use one of 'support-bot'

export const aSampleOfNothing = () => experiment({ scorers: [{ scorer: grounded, sample: 0 }] });
//! DefinitionError: experiment 'e': scorer 'grounded': sample is 0
//! → give the part of the runs that it scores, above 0 and at most 1

export const aScorerThatNoMetricReads = () => experiment({ scorers: [grounded] });
//! DefinitionError: experiment 'e': no metric reads scorer 'grounded'
//! → leave it out, or look at what it gives: secondary: [metric.mean(...).observe()]

// ---------------------------------------------------------------- metrics

export const nothingThatDecides = () => concluding(() => ({ primary: [] }));
//! DefinitionError: experiment 'e' has no primary metric
//! → say what decides: primary: [metric.mean('name', score(scorer).field).increase()]

export const twoThatDecide = () =>
  concluding(({ run }) => ({ primary: [metric.rate('failed', run.failed!).decrease(), metric.mean('cost', run.costUsd!).decrease()] }));
//! DefinitionError: experiment 'e' has 2 primary metrics
//! → let one decide, and give the others a margin among the guardrails, or .observe() them

export const anUpAmongThoseWhoRated = () =>
  concluding(({ feedback }) => ({ primary: [metric.ratio('up-among-rated', feedback.up!, feedback.rated!).increase()] }));
//! DefinitionError: experiment 'e': metric 'up-among-rated' is of 'up' among those who rated, and a variant can change who does
//! → decide by all units, as metric.sum('net-thumbs', feedback.thumb, { cap: 3 }) does, and .observe() this beside it

export const theMeanOfThoseWhoGaveAScore = () =>
  concluding(({ feedback }) => ({ primary: [metric.mean('stars', feedback.score!).increase()] }));
//! DefinitionError: experiment 'e': metric 'stars' is of 'score' among those who rated, and a variant can change who does
//! → decide by all units, as metric.sum('net-thumbs', feedback.thumb, { cap: 3 }) does, and .observe() this beside it

export const aRatioOfWhatIsNotKnownTogether = () =>
  concluding(({ run, feedback }) => ({ primary: [metric.ratio('cost-per-thumb', run.costUsd!, feedback.up!).decrease()] }));
//! DefinitionError: experiment 'e': metric 'cost-per-thumb' is of 'costUsd' over 'up', which are not known at the same time
//! → take both from the run, both from what people said, or both from one scorer; a score goes with a fact of the run, too

export const aQuantileThatDecides = () =>
  concluding(({ run }) => ({ primary: [metric.quantile('latency-p95', 0.95, run.latencyMs!)] }));
//! DefinitionError: experiment 'e': primary holds the secondary metric 'latency-p95'
//! → a quantile is only shown: metric.share(name, value, { above }) can decide

export const theNinetyFifthQuantile = () =>
  concluding(({ run }) => ({ primary: [], secondary: [metric.quantile('latency-p95', 95, run.latencyMs!)] }));
//! DefinitionError: metric 'latency-p95': the quantile is 95
//! → give a number between 0 and 1

export const aSumWithoutACap = () =>
  concluding(({ feedback }) => ({ primary: [metric.sum('net-thumbs', feedback.thumb!, {} as never).increase()] }));
//! DefinitionError: metric 'net-thumbs': cap is undefined
//! → give a finite number

export const aSumOfText = () => concluding(({ output }) => ({ primary: [metric.sum('text', output.text!, { cap: 3 }).increase()] }));
//! DefinitionError: metric 'text' is of 'output.text', which is no ref to a number or a boolean
//! → give a score, score(scorer).field, or a fact of the run, such as run.costUsd

export const aRatioToText = () =>
  concluding(({ output, run }) => ({ primary: [metric.ratio('cost-per-text', run.costUsd!, output.text!).decrease()] }));
//! DefinitionError: metric 'cost-per-text': its denominator is of 'output.text', which is no ref to a number or a boolean
//! → give a score, score(scorer).field, or a fact of the run, such as run.costUsd

export const fewerThumbsUp = () => concluding(({ feedback }) => ({ primary: [metric.rate('up', feedback.up!).decrease()] }));
//! DefinitionError: experiment 'e': metric 'up' is to get lower, but higher is better of 'up'
//! → use .increase

export const moreCost = () => concluding(({ run }) => ({ primary: [metric.mean('cost', run.costUsd!).increase()] }));
//! DefinitionError: experiment 'e': metric 'cost' is to get higher, but lower is better of 'costUsd'
//! → use .decrease

export const aGuardrailWithoutAWay = () =>
  concluding(({ run, output }) => ({
    primary: [metric.rate('failed', run.failed!).decrease()],
    guardrails: [metric.rate('passed', output.passed!).noWorseThan(0.02)],
  }));
//! DefinitionError: experiment 'e': metric 'passed' does not say which way is better of 'passed'
//! → end it in .noWorseThan(margin, { better: 'higher' }), or 'lower'

export const aValueThatIsShownWithoutAWay = () =>
  concluding(({ run, output }) => ({
    primary: [metric.rate('failed', run.failed!).decrease()],
    secondary: [metric.rate('passed', output.passed!)],
  }));
//! DefinitionError: experiment 'e': metric 'passed' does not say which way is better of 'passed'
//! → end it in .observe({ better: 'higher' }), or 'lower'

export const aGuardrailTheOtherWay = () =>
  concluding(({ run }) => ({
    primary: [metric.rate('failed', run.failed!).decrease()],
    guardrails: [metric.mean('cost', run.costUsd!).noWorseThan(0.02, { better: 'higher' })],
  }));
//! DefinitionError: experiment 'e': metric 'cost' says better: higher, but lower is better of 'costUsd'
//! → leave better out

export const threePointsAsThree = () =>
  concluding(({ feedback }) => ({ primary: [metric.rate('up', feedback.up!).increase({ minimumEffect: 3 })] }));
//! DefinitionError: experiment 'e': metric 'up': minimumEffect is 3, but no two values are further apart than 1
//! → state it in the unit of the metric: three points of a share are 0.03

export const aMarginThatNoTwoThumbsAreApart = () =>
  concluding(({ run, feedback }) => ({
    primary: [metric.rate('failed', run.failed!).decrease()],
    guardrails: [metric.mean('thumb', feedback.thumb!).noWorseThan(2)],
  }));
//! DefinitionError: experiment 'e': metric 'thumb': its margin is 2, but no two values are further apart than 2
//! → state it in the unit of the metric: three points of a share are 0.03

export const anEffectAboveTheCap = () =>
  concluding(({ feedback }) => ({ primary: [metric.sum('downs', feedback.down!, { cap: 3 }).decrease({ minimumEffect: 3 })] }));
//! DefinitionError: experiment 'e': metric 'downs': minimumEffect is 3, but no two values are further apart than 3
//! → state it in the unit of the metric: three points of a share are 0.03

export const aMisspeltNode = () => concluding(({ nodes }) => ({ primary: [metric.rate('m', nodes.understod!.answerable!).increase()] }));
//! DefinitionError: experiment 'e': metrics cannot be wired: Cannot read properties of undefined (reading 'answerable')
//! → in scope are nodes, output, run, feedback, score

export const aMisspeltField = () => concluding(({ nodes }) => ({ primary: [metric.rate('m', nodes.understood!.answerabl!).increase()] }));
//! DefinitionError: metric 'm' is of undefined, which is no ref to a boolean
//! → is a field misspelt? give a score, score(scorer).field, or a fact of the run, such as run.costUsd

export const aScorerThatIsNotListed = () =>
  concluding(({ score }) => ({ primary: [metric.mean('words', score(short).words!).decrease()] }));
//! DefinitionError: experiment 'e': metrics: score() is given 'short', which is none of its scorers
//! → add it to scorers, or use one that is there

export const aMetricOfWhatWasAsked = () => {
  let kept: unknown;
  defineExperiment('other', {
    ...{ pipeline: pages, variants: [fewer], traffic: { share: 1, weights: { baseline: 0.5, fewer: 0.5 } } },
    target: ({ input }) => (kept = input.isPublic),
    metrics: ({ run }) => ({ primary: [metric.rate('failed', run.failed).decrease()] }),
  });
  return concluding(() => ({ primary: [metric.rate('public', kept as never).increase()] }));
};
//! DefinitionError: experiment 'e': metric 'public' is of 'isPublic', which this experiment does not have
//! → use only what its metrics function is given: nodes, output, run, score and feedback

export const aRefOfAnotherPipeline = () => {
  let kept: Metric<'primary'> | undefined;
  defineExperiment('other', {
    ...{ pipeline: otherPipeline, variants: [otherPipeline.variant('v', (edit) => edit.configure('found', { threshold: 0.5 }))] },
    traffic: { share: 1, weights: { baseline: 0.5, v: 0.5 } },
    metrics: ({ nodes }) => {
      kept = metric.rate('passed', nodes.found.passed).increase();
      return { primary: [kept] };
    },
  });
  return concluding(() => ({ primary: [kept] }));
};
//! DefinitionError: experiment 'e': metric 'passed' is of 'found.passed', which this experiment does not have
//! → use only what its metrics function is given: nodes, output, run, score and feedback

export const aMetricNamedAsOneThatIsAlwaysThere = () =>
  concluding(({ feedback }) => ({ primary: [metric.rate('failed', feedback.down!).decrease()] }));
//! DefinitionError: experiment 'e' has a metric 'failed' of something else: every experiment shows run.failed by that name
//! → give yours another name

export const twentyOneMetrics = () =>
  concluding(({ run }) => ({
    ...failing({ run } as Scope),
    secondary: Array.from({ length: 20 }, (_, n) => metric.mean(`m${n}`, run.costUsd!)),
  }));
//! DefinitionError: experiment 'e' has 21 metrics
//! → use at most 20

export const noMetricsAtAll = () => experiment({ metrics: undefined });
//! DefinitionError: experiment 'e': metrics is undefined
//! → give a function: ({ run, score, feedback }) => ({ primary: [ ... ] })

export const anEvaluationBySums = () =>
  defineEvaluation('e', {
    ...{ pipeline: supportBot, dataset: questions, variants: [wide], scorers: [] },
    metrics: ({ run }) => ({ primary: [metric.sum('tokens', run.inputTokens, { cap: 1_000 }).decrease()] }),
  });
//! DefinitionError: evaluation 'e': metric 'tokens' is a sum, which is of many runs of one unit
//! → use it in an experiment; an evaluation has metric.mean, rate, share and winRate

export const anExperimentByPairs = () => {
  let kept: unknown;
  defineEvaluation('e', {
    ...{ pipeline: supportBot, dataset: questions, variants: [wide], scorers: [preferred] },
    metrics: ({ score }) => ({ primary: [(kept = metric.winRate('preferred', score(preferred)).increase()) as Metric<'primary'>] }),
  });
  return concluding(() => ({ primary: [kept] }));
};
//! DefinitionError: experiment 'e': metric 'preferred' is of pairs, and live runs come alone
//! → compare pairs in an evaluation

// ---------------------------------------------------------------- settings

export const aMinimumAboveTheMaximum = () => experiment({ stop: { minDuration: '14 days', maxDuration: '7 days' } });
//! DefinitionError: experiment 'e': stop: minDuration is 14 days, and maxDuration 7 days
//! → shorten minDuration, or let it run longer

export const aWindowAsLongAsTheExperiment = () =>
  experiment({ windows: { run: '1 hour' }, stop: { maxDuration: '1 hour', minDuration: '10 minutes' } });
//! DefinitionError: experiment 'e': a window is 1 hour, and maxDuration 1 hour: no unit would mature in time
//! → shorten the window, as windows: { run: ... }, or let it run longer

export const aLookEveryMillisecond = () => experiment({ stop: { lookEvery: '1 ms' } });
//! DefinitionError: experiment 'e': stop: lookEvery is '1 ms'
//! → use from '1 second' to '365 days'

export const alphaInPercent = () => experiment({ stop: { alpha: 5 } });
//! DefinitionError: experiment 'e': stop: alpha is 5
//! → give a number above 0 and at most 0.5; usual is 0.05

export const noPower = () => experiment({ stop: { power: 0 } });
//! DefinitionError: experiment 'e': stop: power is 0
//! → give a number between 0.5 and 1: usual is 0.8

export const anUnknownMethod = () => experiment({ stop: { method: 'fixed' } });
//! DefinitionError: experiment 'e': stop: method is 'fixed'
//! → use 'stage_cs' or 'asymp_cs'

export const aMisspeltSetting = () => experiment({ stop: { minUnit: 100 } });
//! DefinitionError: experiment 'e': stop has no 'minUnit'
//! → did you mean 'minUnits'?

export const aCeilingInPercent = () => experiment({ breaker: { ceiling: 25 } });
//! DefinitionError: experiment 'e': breaker: ceiling is 25
//! → give a number between 0 and 1: a share of runs; usual is 0.25

export const stepsThatFall = () => experiment({ rollout: { steps: [0.5, 0.25, 1] } });
//! DefinitionError: experiment 'e': rollout: steps: 0.5, 0.25, 1, which does not rise to 1
//! → let each be above the one before, from above 0, and the last be 1: [0.1, 0.25, 0.5, 1]

export const stepsThatEndBeforeAll = () => experiment({ rollout: { steps: [0.1, 0.5] } });
//! DefinitionError: experiment 'e': rollout: steps: 0.1, 0.5, which does not rise to 1
//! → let each be above the one before, from above 0, and the last be 1: [0.1, 0.25, 0.5, 1]

export const noSteps = () => experiment({ rollout: { steps: [] } });
//! DefinitionError: experiment 'e': rollout: steps: there is none, which does not rise to 1
//! → let each be above the one before, from above 0, and the last be 1: [0.1, 0.25, 0.5, 1]

export const anApprovalThatThereIsNot = () => experiment({ rollout: { approval: 'me' } });
//! DefinitionError: experiment 'e': rollout: approval is 'me'
//! → use 'auto' or 'manual'

export const aMisspeltPart = () => experiment({ windows: {}, window: {} });
//! DefinitionError: experiment 'e' has no 'window'
//! → did you mean 'windows'?
