/**
 * As `at-definition.ts`, of monitors.
 */
import { defineMonitor } from '../../../src/index.ts';
import { cites, found, grounded, helpful, preferred, short } from '../../dsl/evaluated.ts';
import { supportBot, wide } from '../../dsl/example.ts';

/** A monitor with one mistake, written without types. */
const monitor = (parts: object) =>
  defineMonitor('m', { ...{ pipeline: supportBot, scorer: grounded, sample: 0.1 }, ...parts } as never);
const aimed = (when: object) => monitor({ when });
const alerting = (alert: object) => monitor({ alert: { field: 'score', below: 0.8, ...alert } });

// ---------------------------------------------------------------- what is scored

export const aName = () => defineMonitor('my monitor', {} as never);
//! DefinitionError: a monitor named 'my monitor' may hold only letters, digits, '-' and '_'
//! → choose another name

export const anUnknownKey = () => monitor({ rate: 0.1 });
//! DefinitionError: monitor 'm' has no 'rate'
//! → there is 'pipeline', 'scorer', 'sample', 'when', 'alert', 'budgetUsdPerDay'

export const aVariantAsThePipeline = () => monitor({ pipeline: wide });
//! DefinitionError: monitor 'm' is of variant 'wide'
//! → give 'support-bot' itself: runs of its variants are met, too

export const noScorer = () => monitor({ scorer: undefined });
//! DefinitionError: monitor 'm': scorer is undefined
//! → give what defineScorer returned

export const aScorerOfAnExample = () => monitor({ scorer: cites });
//! DefinitionError: monitor 'm': scorer 'cites' reads an example, which a live run does not have
//! → use one that is defined without a dataset

export const aScorerOfTwoRuns = () => monitor({ scorer: preferred });
//! DefinitionError: monitor 'm': scorer 'preferred' compares two runs, which cannot be done as runs come in
//! → use one of defineScorer

export const aScorerThatAsksPeople = () => monitor({ scorer: helpful });
//! DefinitionError: monitor 'm': scorer 'helpful' asks people, which cannot be done as runs come in
//! → use one of defineScorer

export const aScorerOfAnotherPipeline = () => monitor({ scorer: found });
//! DefinitionError: monitor 'm': scorer 'found' is of 'pages-only', not of 'support-bot'
//! → use one of 'support-bot'

export const noSample = () => monitor({ sample: 0 });
//! DefinitionError: monitor 'm': scorer 'grounded': sample is 0
//! → give the part of the runs that it scores, above 0 and at most 1

export const aSampleInPercent = () => monitor({ sample: 10 });
//! DefinitionError: monitor 'm': scorer 'grounded': sample is 10
//! → give the part of the runs that it scores, above 0 and at most 1

export const aBudgetOfNothing = () => monitor({ budgetUsdPerDay: 0 });
//! DefinitionError: monitor 'm': budgetUsdPerDay is 0
//! → give an amount above 0, at most 1,000,000 dollars; or leave it out: there is no limit

// ---------------------------------------------------------------- whom it is aimed at

export const anUnknownAim = () => aimed({ tag: 'vip' });
//! DefinitionError: monitor 'm': when has no 'tag'
//! → there is 'outcomes', 'experiment', 'arm', 'target'

export const noOutcome = () => aimed({ outcomes: [] });
//! DefinitionError: monitor 'm': when: outcomes is []
//! → give some of these, each once: completed, degraded, failed

export const anOutcomeTwice = () => aimed({ outcomes: ['failed', 'failed'] });
//! DefinitionError: monitor 'm': when: outcomes is ['failed', 'failed']
//! → give some of these, each once: completed, degraded, failed

export const anOutcomeThatThereIsNot = () => aimed({ outcomes: ['complete'] });
//! DefinitionError: monitor 'm': when: outcomes holds 'complete'
//! → did you mean 'completed'?

export const aCancelledRun = () => aimed({ outcomes: ['cancelled'] });
//! DefinitionError: monitor 'm': when: outcomes holds 'cancelled'
//! → leave it out: it has no answer

export const anArmOfNoExperiment = () => aimed({ arm: 'deep' });
//! DefinitionError: monitor 'm': when: arm is 'deep', of no experiment
//! → name the experiment that gives it, too: experiment: 'rerank-online'

export const aTargetThatIsNoBoolean = () => aimed({ target: ({ input }: { input: { userId: never } }) => input.userId });
//! DefinitionError: monitor 'm': when: target is no ref to a boolean
//! → let callers put the boolean into the input, and return a ref to it

// ---------------------------------------------------------------- what alerts

export const aFieldThatThereIsNot = () => alerting({ field: 'scores' });
//! DefinitionError: monitor 'm': alert: scorer 'grounded' gives no score 'scores'
//! → did you mean 'score'?

export const aDetailAsTheField = () => alerting({ field: 'feedback' });
//! DefinitionError: monitor 'm': alert: scorer 'grounded' gives no score 'feedback'
//! → there is 'passed', 'score'

export const noBound = () => alerting({ below: undefined });
//! DefinitionError: monitor 'm': alert has no bound
//! → give one: below, where less of 'score' is worse, or above

export const twoBounds = () => alerting({ above: 0.9 });
//! DefinitionError: monitor 'm': alert has two bounds
//! → give one: below, where less of 'score' is worse, or above

export const aBoundBeyondTheScale = () => alerting({ below: 80 });
//! DefinitionError: monitor 'm': alert: below is 80, and 'score' goes from 0 to 1
//! → give a number that it can lie beyond

export const aBoundThatNothingLiesBeyond = () => alerting({ below: 0 });
//! DefinitionError: monitor 'm': alert: below is 0, and 'score' goes from 0 to 1
//! → give a number that it can lie beyond

export const aBoundThatIsNoNumber = () => monitor({ scorer: short, alert: { field: 'words', above: Number.NaN } });
//! DefinitionError: monitor 'm': alert: above is NaN
//! → give a number that it can lie beyond

export const tooFewScores = () => alerting({ atLeast: 1 });
//! DefinitionError: monitor 'm': alert: atLeast is 1
//! → give a whole number from 2 to 10000

export const aWindowWithoutAUnit = () => alerting({ window: 60 });
//! DefinitionError: monitor 'm': alert: window is 60, which is no duration
//! → write a number, a space and a unit, for example '30 seconds'

export const aWindowOfAYear = () => alerting({ window: '365 days' });
//! DefinitionError: monitor 'm': alert: window is '365 days'
//! → use from '1 second' to '30 days'
