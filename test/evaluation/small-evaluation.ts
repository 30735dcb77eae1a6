/** A small evaluation for tests: a pipeline of two steps, a scorer, and texts that make either of them fail. */
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { type Implemented, implement } from '../../src/boundary/implement.ts';
import { readPolicy } from '../../src/dsl/step.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import type { Example } from '../../src/model/dataset.ts';
import { type EvaluationSpec, type MetricSpec, type ScorerSpec, SPEC_FORMAT } from '../../src/model/evaluation-spec.ts';
import { completePolicy } from '../../src/plan/compose.ts';
import { hashJson, planId } from '../../src/plan/id.ts';
import type { Json, Plan, StepCall, Wiring } from '../../src/plan/plan.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 2, timeout: '1 minute', backoff: { first: '1 ms', factor: 1, max: '1 ms' } } as const;

const lower = defineStep('lower', { version: 1, input: Text, output: Text, effect: 'none', policy });
const draft = defineStep('draft', {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ mark: z.string().default('.') }),
  effect: 'read',
  policy,
});
const overlap = defineStep('overlap', {
  version: 1,
  input: z.object({ answer: z.string(), wanted: z.string() }),
  output: z.object({ score: z.number().min(0).max(1), reason: z.string() }),
  effect: 'read',
  policy,
});
const prefer = defineStep('prefer', {
  version: 1,
  input: z.object({ first: z.string(), second: z.string() }),
  output: z.object({ winner: z.enum(['first', 'second', 'tie']), reason: z.string() }),
  effect: 'read',
  policy,
});

export const small = definePipeline('small', Text)
  .step('lower', lower, ({ input }) => ({ text: input.text }))
  .step('draft', draft, ({ lower }) => ({ text: lower.text }))
  .output(Text, ({ draft }) => ({ text: draft.text }));
const loud = small.variant('loud', (edit) => edit.configure('draft', { mark: '!' }));

/** What the steps do, and what they are asked; `isAway` says whose provider does not answer. */
export interface SmallWorld {
  readonly asked: string[];
  isAway: (step: string, text: string) => boolean;
  /** Waited for in every draft. */
  gate: Promise<void>;
}

export const newWorld = (): SmallWorld => ({ asked: [], isAway: () => false, gate: Promise.resolve() });

export function implementSmall(world: SmallWorld): readonly Implemented[] {
  const note = (step: string, text: string) => {
    world.asked.push(`${step} ${text}`);
    if (world.isAway(step, text))
      throw new StepFailure('overloaded', { message: '503', remedy: 'wait', retryable: true, benign: true });
  };
  return [
    implement(lower, ({ text }) => {
      note('lower', text);
      return { text: text.toLowerCase() };
    }),
    implement(draft, async ({ text }, { config, signal }) => {
      note(`draft${config.mark}`, text);
      await Promise.race([world.gate, new Promise((_, reject) => signal.addEventListener('abort', reject))]);
      if (text.includes('forbidden'))
        throw new StepFailure('content_refused', { message: 'no', remedy: 'ask otherwise', retryable: false });
      return { text: `${text}${config.mark}` };
    }),
    implement(overlap, ({ answer, wanted }) => {
      note('overlap', answer);
      return { score: answer === wanted ? 1 : 0, reason: 'compared' };
    }),
    implement(prefer, ({ first, second }) => {
      note('prefer', `${first}|${second}`);
      const [one, other] = [first.endsWith('!'), second.endsWith('!')];
      return {
        winner: one === other ? ('tie' as const) : one ? ('first' as const) : ('second' as const),
        reason: 'louder',
      };
    }),
  ];
}

const from = (...path: [string, ...string[]]): Wiring => ({ $from: path });
const callOf = (step: string, config: Json = {}): StepCall => ({ step, config });
const complete = completePolicy({ ...readPolicy(policy, 'test'), lane: 'activity' });

function scorer(
  id: string,
  kind: ScorerSpec['kind'],
  step: string | null,
  parts: { [key: string]: Wiring },
  field: string,
): ScorerSpec {
  const input: Wiring = { $object: parts };
  const call = step === null ? null : callOf(step);
  const fields = { [field]: { better: 'higher', format: 'share', worst: 0, best: 1 } } as const;
  const definitionHash = hashJson({ kind, call, input, fields } as unknown as Json);
  return { id, kind, call, policy: step === null ? null : complete, input, fields, definitionHash };
}

export const SCORERS: readonly ScorerSpec[] = [
  scorer('overlap', 'step', 'overlap@1', { answer: from('output', 'text'), wanted: from('expected', 'text') }, 'score'),
  scorer(
    'louder',
    'pair',
    'prefer@1',
    { first: from('first', 'output', 'text'), second: from('second', 'draft', 'text') },
    'win',
  ),
  scorer('liked', 'human', null, { answer: from('output', 'text') }, 'good'),
];

const METRICS: readonly MetricSpec[] = [
  {
    ...{ name: 'overlap', role: 'primary', kind: 'mean', source: { from: 'score', scorer: 'overlap', field: 'score' } },
    ...{ above: null, better: 'higher', format: 'share', minimumEffect: 0.1, margin: null },
  },
];

export const planOf = (): readonly Plan[] => [small.plan, loud.plan];

export function smallSpec(version: string, examples: number, changes: Partial<EvaluationSpec> = {}): EvaluationSpec {
  return {
    format: SPEC_FORMAT,
    definition: null,
    name: 'small',
    pipeline: 'small',
    dataset: { name: 'texts', version, split: null, tag: null, examples },
    variants: [
      { name: 'baseline', planId: planId(small.plan) },
      { name: 'loud', planId: planId(loud.plan) },
    ],
    scorers: SCORERS,
    metrics: METRICS,
    repeats: 1,
    mode: 'compare',
    alpha: 0.05,
    ...changes,
  };
}

export const example = (id: string, text: string, wanted?: string): Example => ({
  id,
  input: { text },
  ...(wanted !== undefined && { expected: { text: wanted } }),
});
