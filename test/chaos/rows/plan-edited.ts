/** A pipeline is edited and its workers are replaced while its runs are under way: these finish as they began. */
import { definePipeline } from '../../../src/index.ts';
import { canonicalJson, planId } from '../../../src/plan/id.ts';
import type { Json } from '../../../src/plan/plan.ts';
import { workflowBundle } from '../../../src/worker/bundle.ts';
import { replay } from '../../histories/replay.ts';
import { atLeast, exactly } from '../figures.ts';
import { tally, underWay } from '../ledger.ts';
import { isRight, workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { rewalk } from '../rewalk.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Played, type Scene, withScene } from '../scene.ts';
import { Count, work } from '../steps.ts';

/** Longer than eight runs take to begin on a slow machine: all are to be in their first step when it is killed. */
const STEP_MS = 3_000;

/** The same pipeline by name, after an edit: its middle is gone, its end is new, its configs are others. */
const edited = definePipeline('work-chain', Count)
  .step('one', work, ({ input }) => ({ n: input.n }), { ms: 10 })
  .step('five', work, ({ one }) => ({ n: one.n }), { ms: 20 })
  .step('six', work, ({ five }) => ({ n: five.n }), { ms: 30 })
  .output(Count, ({ six }) => ({ n: six.n }));
const EDITED_LENGTH = 3;

export const r12: Row = {
  id: 'R12',
  title: 'a pipeline edited and its worker killed while its runs are under way',
  play: (place: Place) =>
    withScene(place, { name: 'R12' }, async (scene) => {
      const before = workChain(STEP_MS);
      const first = await scene.startWorker();
      const running = scene.runMany(before, IN_FLIGHT);
      await scene.ledger.until('all runs under way', (lines) => underWay(lines, first.pid).length === IN_FLIGHT);
      const inFlight = underWay(scene.ledger.lines(), first.pid).length;
      await first.kill();
      await scene.startWorker();
      const [old, young] = await Promise.all([running, scene.runMany(edited, IN_FLIGHT)]);
      const histories = await historiesOf(scene, [...old, ...young]);
      const { replayed } = await replay(await workflowBundle(place.cache), histories);
      const walked = await Promise.all(histories.map(({ history }) => rewalk(history)));
      const withPlan = (id: string) => [...old, ...young].filter(({ result }) => result.planId === id).length;
      const same = walked.filter(({ recorded, asked }) => canonicalJson([...recorded]) === canonicalJson([...asked]));
      const plans = walked.filter(({ input }) => planId(input.plan) === input.planId);
      const all = 2 * IN_FLIGHT;
      return [
        atLeast('in flight at the kill', inFlight, IN_FLIGHT),
        exactly('runs begun before, finished with the old plan', old.filter(isRight).length, IN_FLIGHT),
        exactly('runs begun after, finished with the new plan', young.filter(isEdited).length, IN_FLIGHT),
        exactly('recorded with the old plan’s id', withPlan(planId(before.plan)), IN_FLIGHT),
        exactly('recorded with the new plan’s id', withPlan(planId(edited.plan)), IN_FLIGHT),
        exactly('histories whose plan is byte for byte what its id says', plans.length, all),
        exactly('histories that replay', replayed.filter(({ error }) => !error).length, all),
        exactly('whose calls are the same, byte for byte, walked again', same.length, all),
        exactly('effects applied twice', tally(scene.ledger.lines()).duplicateEffects, 0),
      ];
    }),
};

const isEdited = ({ n, result }: Played) => (result.output as { n?: Json } | null)?.n === n + EDITED_LENGTH;

const historiesOf = (scene: Scene, played: readonly Played[]) =>
  Promise.all(played.map(async ({ result: { runId } }) => ({ name: runId, history: await scene.historyOf(runId) })));
