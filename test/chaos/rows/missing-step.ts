/** A worker without a step that a plan needs: Temporal would try for ever, so the start is refused by the step's name. */
import { definePipeline, SluiceError } from '../../../src/index.ts';
import { exactly } from '../figures.ts';
import { workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { withScene } from '../scene.ts';
import { Count, compute, work } from '../steps.ts';

const needy = definePipeline('needy', Count)
  .step('first', work, ({ input }) => ({ n: input.n }), { ms: 10 })
  .step('second', compute, ({ first }) => ({ n: first.n }), { ms: 10 })
  .output(Count, ({ second }) => ({ n: second.n }));

export const r23: Row = {
  id: 'R23',
  title: 'a plan whose step no worker has',
  play: (place: Place) =>
    withScene(place, { name: 'R23' }, async (scene) => {
      const attempts = () => Promise.all(Array.from({ length: IN_FLIGHT }, (_, n) => codeOf(scene.run(needy, n))));
      const alone = await attempts();
      const incomplete = await scene.startWorker({ without: ['compute@1'] });
      const refused = await attempts();
      const healthy = await scene.runMany(workChain(10), IN_FLIGHT);
      const before = await scene.runtime.store.runs.list({ pipeline: 'needy' });
      await incomplete.terminate();
      await scene.startWorker();
      const mended = await scene.runMany(needy, IN_FLIGHT);
      return [
        exactly("refused as 'no_worker' where there is none", count(alone, 'no_worker'), IN_FLIGHT),
        exactly("refused, naming 'compute@1'", count(refused, 'step_unregistered compute@1'), IN_FLIGHT),
        exactly('runs that they left behind', before.runs.length, 0),
        exactly('runs of other plans, completed', completed(healthy), IN_FLIGHT),
        exactly('completed, once a worker has the step', completed(mended), IN_FLIGHT),
      ];
    }),
};

const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'accepted',
    (error: unknown) =>
      error instanceof SluiceError ? `${error.code} ${error.data.step ?? ''}`.trim() : String(error),
  );

const count = (codes: readonly string[], wanted: string) => codes.filter((code) => code === wanted).length;
const completed = (played: readonly { readonly result: { readonly outcome: string } }[]) =>
  played.filter(({ result }) => result.outcome === 'completed').length;
