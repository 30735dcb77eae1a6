/** A pipeline of one step and three scorers that do whatever a test says, however odd. */
import { z } from 'zod';
import { type Implemented, implement, type StepContext } from '../../../src/boundary/implement.ts';
import { readPolicy } from '../../../src/dsl/step.ts';
import { definePipeline, defineStep } from '../../../src/index.ts';
import type { Example } from '../../../src/model/dataset.ts';
import { type EvaluationSpec, type ScorerSpec, SPEC_FORMAT } from '../../../src/model/evaluation-spec.ts';
import { completePolicy } from '../../../src/plan/compose.ts';
import { hashJson, planId } from '../../../src/plan/id.ts';
import type { Json, Plan, Wiring } from '../../../src/plan/plan.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 2, timeout: '5 seconds', backoff: { first: '1 ms', factor: 1, max: '1 ms' } } as const;

const answer = defineStep('answer', {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ mark: z.string().default('.') }),
  effect: 'read',
  policy,
});
const grade = defineStep('grade', {
  version: 1,
  input: z.object({ answer: z.string() }),
  output: z.object({ score: z.number(), reason: z.string() }),
  config: z.object({ prompt: z.string().default('How good is it?') }),
  effect: 'read',
  policy,
});
const prefer = defineStep('prefer', {
  version: 1,
  input: z.object({ first: z.string(), second: z.string() }),
  output: z.object({ winner: z.enum(['first', 'second', 'tie']) }),
  effect: 'read',
  policy,
});

export const odd = definePipeline('odd', Text)
  .step('answer', answer, ({ input }) => ({ text: input.text }))
  .output(Text, ({ answer }) => ({ text: answer.text }));
const loud = odd.variant('loud', (edit) => edit.configure('answer', { mark: '!' }));
export const PLANS: readonly Plan[] = [odd.plan, loud.plan];

type Asked<Config> = Pick<StepContext<Config>, 'config' | 'signal' | 'attempt'>;

/** What the steps do; each asked call is noted. */
export interface Odd {
  readonly asked: string[];
  answer: (text: string, asked: Asked<{ mark: string }>) => unknown;
  grade: (answer: string, asked: Asked<{ prompt: string }>) => unknown;
  prefer: (first: string, second: string) => unknown;
}

export const newOdd = (): Odd => ({
  asked: [],
  answer: (text, { config }) => `${text}${config.mark}`,
  grade: (text) => (text.endsWith('!') ? 1 : 0.5),
  prefer: (first, second) => (first === second ? 'tie' : first.endsWith('!') ? 'first' : 'second'),
});

/** What a behaviour gives is handed on as it is: it may be of no type that the step allows. */
export function implementOdd(world: Odd): readonly Implemented[] {
  return [
    implement(answer, async ({ text }, context) => {
      world.asked.push(`answer${context.config.mark} ${text}`);
      return { text: (await world.answer(text, context)) as string };
    }),
    implement(grade, async ({ answer }, context) => {
      world.asked.push(`grade ${answer}`);
      return { score: (await world.grade(answer, context)) as number, reason: context.config.prompt };
    }),
    implement(prefer, async ({ first, second }) => {
      world.asked.push(`prefer ${first} | ${second}`);
      return { winner: (await world.prefer(first, second)) as 'tie' };
    }),
  ];
}

const from = (...path: [string, ...string[]]): Wiring => ({ $from: path });
const complete = completePolicy({ ...readPolicy(policy, 'test'), lane: 'activity' });

function scorer(id: string, kind: 'step' | 'pair', step: string, parts: { [key: string]: Wiring }, config: Json = {}) {
  const call = { step, config };
  const input: Wiring = { $object: parts };
  const field = kind === 'pair' ? 'win' : 'score';
  const fields = { [field]: { better: 'higher', format: 'share', worst: 0, best: 1 } } as const;
  const definitionHash = hashJson({ kind, call, input, fields } as unknown as Json);
  return { id, kind, call, policy: complete, input, fields, definitionHash } satisfies ScorerSpec;
}

export const graded = (prompt?: string): ScorerSpec =>
  scorer('graded', 'step', 'grade@1', { answer: from('output', 'text') }, prompt === undefined ? {} : { prompt });
const preferred: ScorerSpec = scorer('preferred', 'pair', 'prefer@1', {
  first: from('first', 'output', 'text'),
  second: from('second', 'output', 'text'),
});

export function oddSpec(version: string, examples: number, changes: Partial<EvaluationSpec> = {}): EvaluationSpec {
  return {
    format: SPEC_FORMAT,
    definition: null,
    name: 'odd',
    pipeline: 'odd',
    dataset: { name: 'texts', version, split: null, tag: null, examples },
    variants: [
      { name: 'baseline', planId: planId(odd.plan) },
      { name: 'loud', planId: planId(loud.plan) },
    ],
    scorers: [graded(), preferred],
    metrics: [
      {
        ...{ name: 'graded', role: 'primary', kind: 'mean', above: null, better: 'higher', format: 'share' },
        ...{ source: { from: 'score', scorer: 'graded', field: 'score' }, minimumEffect: 0.1, margin: null },
      },
    ],
    repeats: 1,
    mode: 'compare',
    alpha: 0.05,
    ...changes,
  };
}

let texts = 0;
/** Examples of words that no test has used: the memo would else know them. */
export const examplesOf = (count: number): readonly Example[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `e${String(n).padStart(5, '0')}`,
    input: { text: `text ${texts++}` },
  }));
