/**
 * What models are tuned with, from what people said: of answers to the same input, one that was liked beside one that was
 * not. What the final half of a dataset asks is left out: who is trained on that cannot be measured by it.
 */

import type { JsonObject } from '../model/dataset.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { type Message, questionOf, withSystem } from './dataset-export.ts';
import { createTally, preferenceLine, type Tuning, textOf } from './preferences.ts';

export interface RatedAnswer {
  readonly input: Json;
  readonly output: Json;
  readonly up: number;
  readonly down: number;
}

export interface FeedbackTuning {
  readonly rated: readonly RatedAnswer[];
  /** Canonical JSON of inputs that may not be trained on. */
  readonly final: ReadonlySet<string>;
  /** The system prompt that each begins with. */
  readonly system: string | undefined;
}

/** Of one question: more would make the model know little but it. */
const MOST_PAIRS = 10;

/** As `preferencePairs` writes them. The same answer, given in several runs, has the thumbs of all of them. */
export function feedbackPairs({ rated, final, system }: FeedbackTuning): Tuning {
  const tally = createTally();
  for (const [input, answers] of Map.groupBy(rated, (answer) => canonicalJson(answer.input))) {
    const asked = askedOf(answers[0]!.input);
    if (final.has(input)) tally.leave('final');
    else if (asked === undefined) tally.leave('no_question');
    else for (const line of linesOf(answers, withSystem(asked, system))) tally.put(line);
  }
  return tally.end();
}

function linesOf(answers: readonly RatedAnswer[], asked: readonly Message[]) {
  const byText = Map.groupBy(answers, textOf);
  const net = [...byText].flatMap(([text, own]) =>
    text === undefined ? [] : { text, thumbs: own.reduce((sum, { up, down }) => sum + up - down, 0) },
  );
  const liked = net.filter(({ thumbs }) => thumbs > 0);
  const disliked = net.filter(({ thumbs }) => thumbs < 0);
  const lines = liked.flatMap((good) => disliked.map((bad) => preferenceLine(asked, good.text, bad.text)));
  if (lines.length === 0) return [net.length === 0 ? ('no_text' as const) : ('undecided' as const)];
  return [...lines.slice(0, MOST_PAIRS), ...lines.slice(MOST_PAIRS).map(() => 'enough' as const)];
}

function askedOf(input: Json): readonly Message[] | undefined {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? questionOf(input as JsonObject) : undefined;
}
