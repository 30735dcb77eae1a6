/** Two review queues to be looked at: of fields, with something disputed, and of pairs. */
import type { Store } from '../../src/store/store.ts';
import { done, metricOf, pinsOf, rowOf, specOf } from '../evaluation/compare/make.ts';

const EXAMPLES = 3;
/** As `rowOf` names them. */
const idOf = (example: number): string => rowOf(example, 0).exampleId;
const FIELD = { description: null, least: null, most: null, isWhole: false, choices: [] };
const output = { text: 'Call `f` [1].\n```ts\nf();\n```', citations: [{ n: 1, passageId: 'p', title: 'Calls' }] };

export async function openQueues({ evaluations, datasets, reviews }: Store): Promise<void> {
  const examples = Array.from({ length: EXAMPLES }, (_, example) => ({
    ...{ id: idOf(example), input: { question: 'How is f called?' }, expected: { text: 'By its name.' } },
  }));
  const { version: put } = await datasets.put('asked', examples, 'asked.jsonl');
  const spec = specOf({ metrics: [metricOf('grounded')] });
  const evaluationId = 'eval-seen';
  const dataset = { ...spec.dataset, name: 'asked', version: put.version, split: null, examples: EXAMPLES };
  await evaluations.create({ evaluationId, spec: { ...spec, dataset }, budgetUsd: null, startedBy: 'mo' });
  await evaluations.pin(evaluationId, pinsOf(spec));
  await evaluations.putResults(
    evaluationId,
    examples.flatMap((_, example) =>
      [0, 1].map((variant) => rowOf(example, variant, { output, cells: { quality: done({ grounded: 1 }) } })),
    ),
  );
  const scorer = { pipeline: spec.pipeline, scorer: 'quality', version: 'quality-definition' };
  const asked = { question: 'Is it?', guidelines: 'Read it.', reviewers: 2 };
  const common = { evaluationId, ...scorer, ...asked, seed: 1, sampleSeed: 1 };
  const items = (of: string) =>
    examples.map(({ id }) => ({ subject: `${of} ${id}`, exampleId: id, variant: 1, repeat: 1 }));
  await reviews.start({
    ...{ ...common, name: 'seen', kind: 'fields', startedBy: 'mo', items: items('one') },
    fields: [
      { ...FIELD, name: 'grounded', kind: 'boolean' },
      { ...FIELD, name: 'grade', kind: 'number', isWhole: true, least: 1, most: 5 },
      { ...FIELD, name: 'tone', kind: 'choice', choices: ['kind', 'curt'] },
      { ...FIELD, name: 'share', kind: 'number', least: 0, most: 1 },
    ],
  });
  await reviews.start({ ...common, name: 'pairs', kind: 'pair', startedBy: 'mo', fields: [], items: items('two') });
  for (const [by, grounded] of [
    ['ada', true],
    ['bo', false],
  ] as const) {
    const value = { grounded, grade: 3, tone: 'kind', share: 0.5 };
    await reviews.review({ queue: 'seen', place: 1, by }, { value, note: 'so' });
  }
}
