/** Results as they might be, made up from a seed: what `makeReport` compares. */
import type { Cell, ResultRow } from '../../../src/model/evaluation-result.ts';
import type { MetricSpec } from '../../../src/model/evaluation-spec.ts';
import { randomFrom } from '../../../src/stats/random.ts';
import { done, factsOf, failed, metricOf, missing, rowOf, specOf } from '../compare/make.ts';

const METRICS: readonly MetricSpec[] = [
  metricOf('recall@10', { format: 'share', minimumEffect: 0.02, source: score('ranking', 'recall') }),
  metricOf('correct', { kind: 'rate', format: 'share', minimumEffect: 0.03, source: score('judge', 'correct') }),
  metricOf('latency', ofRun('latencyMs', 'ms', 150)),
  metricOf('cost', ofRun('costUsd', 'usd', 0.0005)),
  metricOf('MRR', { role: 'secondary', source: score('ranking', 'mrr') }),
  metricOf('grounded', { role: 'secondary', format: 'share', source: score('judge', 'grounded') }),
  metricOf('preferred', { role: 'secondary', kind: 'win-rate', format: 'share', source: score('duel', 'win') }),
  metricOf('slow', { kind: 'share', above: 1_500, ...ofRun('latencyMs', 'share', null) }),
];

function score(scorer: string, field: string): MetricSpec['source'] {
  return { from: 'score', scorer, field };
}

function ofRun(field: 'latencyMs' | 'costUsd', format: MetricSpec['format'], margin: number | null) {
  const role = margin === null ? 'secondary' : 'guardrail';
  return { role, better: 'lower', format, margin, source: { from: 'run', field } } as const;
}

/** By what each moves the chance of a good passage, the milliseconds, and the dollars. */
const VARIANTS = [
  { name: 'baseline', skill: 0, ms: 0, usd: 0 },
  { name: 'hybrid', skill: 0.35, ms: 20, usd: 0.0001 },
  { name: 'hybrid + rerank', skill: 0.6, ms: 450, usd: 0.0004 },
  { name: 'rewrite', skill: -0.4, ms: -30, usd: -0.0002 },
] as const;

const TAGS = ['howto', 'reference', 'troubleshooting', 'multi-hop', 'unanswerable'];

export interface MadeRows {
  readonly examples: number;
  /** Of four; the baseline included. */
  readonly variants?: number;
  readonly repeats?: number;
  readonly seed?: number;
  /** Of each scorer's cells and runs. */
  readonly missingShare?: number;
  /** Each so many-th example has no graded passages, and so nothing to rank. */
  readonly ungradedEvery?: number;
  /** Characters of an answer. */
  readonly answerLength?: number;
  readonly answerAt?: (example: number, variant: number) => string;
}

export function makeRows(made: MadeRows) {
  const { examples, variants = 4, repeats = 1 } = made;
  const own = VARIANTS.slice(0, variants);
  const change = {
    repeats,
    dataset: { name: 'docs-questions', version: '4f1c09'.padEnd(64, '7'), split: 'dev', tag: null, examples },
  } as const;
  const spec = specOf({ metrics: METRICS, variants: own.map(({ name }) => name), change });
  const facts = factsOf({
    spec,
    evaluationId: 'eval-before-release-1f2e3d4c',
    examples: Array.from({ length: examples }, (_, place) => ({
      id: idOf(place),
      hash: `hash-${place}`,
      cluster: null,
      tags: [TAGS[place % TAGS.length]!, ...(place % 7 === 0 ? ['long'] : [])],
    })),
  });
  const draw = randomFrom(made.seed ?? 7).uniform;
  const rows: ResultRow[] = [];
  for (let example = 0; example < examples; example += 1) {
    const hardness = draw();
    for (let variant = 0; variant < own.length; variant += 1) {
      for (let repeat = 1; repeat <= repeats; repeat += 1)
        rows.push({ ...rowAt(made, { example, variant, hardness, draw }), repeat });
    }
  }
  return { facts, rows };
}

const idOf = (place: number): string => `question-${String(place).padStart(5, '0')}`;

const UNGRADED: Cell = { state: 'missing', reason: 'no_relevant', resumable: false, isInapplicable: true };

interface RowPlace {
  readonly example: number;
  readonly variant: number;
  /** 0 to 1, of the example. */
  readonly hardness: number;
  readonly draw: () => number;
}

function rowAt(made: MadeRows, { example, variant, hardness, draw }: RowPlace): ResultRow {
  const { missingShare = 0.004, ungradedEvery } = made;
  const isUngraded = ungradedEvery !== undefined && example % ungradedEvery === 0;
  const { skill, ms, usd } = VARIANTS[variant]!;
  const chance = 1 / (1 + Math.exp(-(1.5 - 3 * hardness + skill)));
  const latencyMs = Math.round(350 + ms + 900 * draw() ** 3 + 400 * hardness);
  const run = {
    latencyMs,
    costUsd: 0.002 + usd + 0.001 * draw(),
    inputTokens: 900,
    outputTokens: 120,
    failed: false,
    degraded: false,
  };
  const hasFailed = draw() < 0.003;
  if (hasFailed) {
    const error = {
      code: 'output_invalid',
      message: 'the answer cites a passage that it was not given',
      node: 'check',
    };
    const cells = {
      ranking: isUngraded ? UNGRADED : failed(),
      judge: failed(),
      ...(variant > 0 && { duel: failed() }),
    };
    return rowOf(example, variant, {
      exampleId: idOf(example),
      outcome: 'failed',
      error,
      run: { ...run, failed: true },
      cells,
    });
  }
  const ranks = Array.from({ length: 4 }, () => draw() < chance);
  const recall = ranks.filter(Boolean).length / 4;
  const isCorrect = draw() < 0.15 + 0.7 * recall;
  const cells: Record<string, Cell> = {
    ranking: isUngraded ? UNGRADED : done({ recall, mrr: ranks.includes(true) ? 1 / (ranks.indexOf(true) + 1) : 0 }),
    judge: draw() < missingShare ? missing('openai: rate limited (429)') : judged(isCorrect, recall),
    ...(variant > 0 && {
      duel: done({ win: draw() < 0.3 ? 0.5 : Number(draw() < 0.5 + skill / 4), flipped: Number(draw() < 0.1) }),
    }),
  };
  const output = {
    text: answerText(made, { example, variant, recall }),
    citations: ranks.flatMap((is, rank) => (is ? [rank + 1] : [])),
  };
  return rowOf(example, variant, { exampleId: idOf(example), run, cells, output });
}

function judged(isCorrect: boolean, recall: number): Cell {
  const reason = isCorrect
    ? 'It says what the reference says, and cites where.'
    : 'It leaves out the setting that the reference names, so a reader would still be stuck.';
  return {
    ...done({ correct: Number(isCorrect), grounded: recall > 0 ? 0.5 + recall / 2 : 0.2 }),
    detail: { reason },
  } as Cell;
}

const SENTENCES = [
  'Call streamText on the server and return its UI message stream.',
  'On the client useChat consumes the stream and renders parts as they come.',
  'Set maxSteps to let the model call tools more than once.',
  'The response can be cut off where the platform limits how long a function runs.',
  'Raise maxDuration in the route to give it more time.',
  'A custom transport is an object with sendMessages and reconnectToStream.',
];

function answerText(
  { answerLength = 300, answerAt }: MadeRows,
  { example, variant, recall }: { example: number; variant: number; recall: number },
): string {
  if (answerAt !== undefined) return answerAt(example, variant);
  const sentences: string[] = [];
  const from = example + (recall >= 0.5 ? 0 : variant);
  for (let place = 0; sentences.join(' ').length < answerLength; place += 1) {
    sentences.push(`${SENTENCES[(from + place * (recall >= 0.75 ? 1 : 2)) % SENTENCES.length]} [${1 + (place % 3)}]`);
  }
  return sentences.join(' ').slice(0, answerLength);
}
