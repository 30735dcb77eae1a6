/** Values that Temporal would refuse, or retry for ever: each ends typed, by name, and at once. */
import { z } from 'zod';
import { definePipeline, SluiceError } from '../../../src/index.ts';
import { atMost, exactly, type Figure } from '../figures.ts';
import { activitiesOf, eventsOf, timeOf } from '../histories.ts';
import type { Place } from '../place.ts';
import type { Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { Count, joinTexts, makeText } from '../steps.ts';

const LIMIT_S = 1;
const KILO = 1_000;

/** One step that gives so much. */
const resultOf = (bytes: number) =>
  definePipeline('large-result', Count)
    .step('large', makeText, ({ input }) => ({ n: input.n }), { bytes })
    .output(z.object({ text: z.string() }), ({ large }) => ({ text: large.text }));

/** Many steps that give little each, and one that is given all of it. */
const argumentOf = (bytes: number, items: number) =>
  definePipeline('large-argument', z.object({ items: z.array(z.int()) }))
    .map(
      'texts',
      z.string(),
      ({ input }) => input.items,
      { max: items, concurrency: 4, whenOver: 'fail' },
      (each) =>
        each
          .step('text', makeText, ({ item }) => ({ n: item }), { bytes: Math.ceil(bytes / items) })
          .yield(({ text }) => text.text),
    )
    .step('joined', joinTexts, ({ texts }) => ({ texts }))
    .output(Count, ({ joined }) => ({ n: joined.n }));

const startOf = definePipeline('large-start', z.object({ text: z.string() }))
  .step('joined', joinTexts, ({ input }) => ({ texts: [input.text] }))
  .output(Count, ({ joined }) => ({ n: joined.n }));

export const r15: Row = {
  id: 'R15',
  title: 'results of 1.0, 1.9 and 2.5 MB, an argument of 2.5 MB, starts of 1.9 and 4.5 MB',
  play: (place: Place) =>
    withScene(place, { name: 'R15' }, async (scene) => {
      await scene.startWorker();
      return [
        await claimed(scene),
        ...(await refusedResult(scene, 1_900 * KILO)),
        ...(await refusedResult(scene, 2_500 * KILO)),
        ...(await refusedArgument(scene, 2_500 * KILO)),
        ...(await refusedStart(scene, 1_900 * KILO)),
        ...(await refusedStart(scene, 4_500 * KILO)),
      ];
    }),
};

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** What the claim check takes comes out whole. */
async function claimed({ runtime }: Scene): Promise<Figure> {
  const bytes = 1_000 * KILO;
  const { output } = await runtime.client.run(resultOf(bytes), { n: 0 });
  return exactly(`characters that came out of ${megabytes(bytes)}`, (output as { text: string }).text.length, bytes);
}

async function refusedResult(scene: Scene, bytes: number): Promise<readonly Figure[]> {
  const { runId, error } = await scene.runtime.client.run(resultOf(bytes), { n: 0 });
  const [activity] = activitiesOf(await scene.historyOf(runId));
  const what = `result of ${megabytes(bytes)}`;
  return [
    exactly(`${what}: PayloadTooLarge, naming 'large'`, count(isNamed(error, 'large')), 1),
    atMost(`${what}: refused after`, (activity!.endedAt! - activity!.scheduledAt) / 1_000, LIMIT_S, 's'),
  ];
}

async function refusedArgument(scene: Scene, bytes: number): Promise<readonly Figure[]> {
  const items = Array.from({ length: 12 }, (_, item) => item);
  const { runId, error } = await scene.runtime.client.run(argumentOf(bytes, items.length), { items });
  const history = await scene.historyOf(runId);
  const given = activitiesOf(history).filter(({ key }) => key.startsWith('text['));
  const failedAt = timeOf(eventsOf(history).find((event) => event.workflowExecutionUpdateCompletedEventAttributes)!);
  const lastAt = Math.max(...given.map(({ endedAt }) => endedAt!));
  const what = `argument of ${megabytes(bytes)}`;
  return [
    exactly(`${what}: PayloadTooLarge, naming 'joined'`, count(isNamed(error, 'joined')), 1),
    atMost(`${what}: refused after`, (failedAt - lastAt) / 1_000, LIMIT_S, 's'),
  ];
}

async function refusedStart({ runtime }: Scene, bytes: number): Promise<readonly Figure[]> {
  const startedAt = performance.now();
  const code = await runtime.client.run(startOf, { text: 'x'.repeat(bytes) }).then(
    () => 'accepted',
    (error: unknown) => (error instanceof SluiceError ? error.code : String(error)),
  );
  const what = `start with ${megabytes(bytes)}`;
  return [
    exactly(`${what}: PayloadTooLarge`, count(code === 'PayloadTooLarge'), 1),
    atMost(`${what}: refused after`, (performance.now() - startedAt) / 1_000, LIMIT_S, 's'),
  ];
}

type Failure = { readonly code: string; readonly node?: string } | null;
const isNamed = (error: Failure, node: string) => error?.code === 'PayloadTooLarge' && error.node === node;
const count = (isTrue: boolean) => (isTrue ? 1 : 0);
