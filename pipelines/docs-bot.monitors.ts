/** What is watched of the bot while it serves, and when somebody should look. */
import { defineMonitor, defineScorer } from '../src/index.ts';
import { scoreGroundedness } from '../src/steps/index.ts';
import { docsBot } from './docs-bot.ts';

/** By words, so that it needs no key: how much of an answer its sources say. Where the bot declined there is nothing to say. */
const supported = defineScorer(
  'supported-live',
  { pipeline: docsBot },
  scoreGroundedness,
  ({ input, output, ranked }) => ({
    question: input.question,
    answer: output.text,
    citations: output.citations,
    passages: ranked.passages,
    answered: output.answered,
  }),
  { judge: false },
);

/** An index that went stale, a prompt that lets the model talk: both show here before people say so. */
export const supportedLive = defineMonitor('supported-live', {
  pipeline: docsBot,
  scorer: supported,
  sample: 0.2,
  alert: { field: 'supported', below: 0.7, window: '6 hours' },
});
