/**
 * A killed worker leaves two kinds of workflow tasks behind: those waiting in a queue that only it reads, and those it had
 * begun. How long the server holds on to each is read from the histories.
 */
import { definePipeline } from '../../../src/index.ts';
import { atLeast, atMost, exactly, noted } from '../figures.ts';
import { stallsOf } from '../histories.ts';
import { underWay } from '../ledger.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { withScene } from '../scene.ts';
import { Count, compute, work } from '../steps.ts';

const RUNS_EACH = 15;
const STEP_MS = 3_000;
/** What the worker and the start of a run ask for. */
const UNCLAIMED_LIMIT_S = 1;
const CLAIMED_LIMIT_S = 5;
/** The server's timers and a busy machine. */
const SLACK_S = 0.4;

const waiting = definePipeline('waiting', Count)
  .step('one', work, ({ input }) => ({ n: input.n }), { ms: STEP_MS })
  .output(Count, ({ one }) => ({ n: one.n }));
/** A local step runs inside its workflow task, so that one is claimed while the step goes on. */
const claiming = definePipeline('claiming', Count)
  .step('one', compute, ({ input }) => ({ n: input.n }), { ms: STEP_MS }, { lane: 'local' })
  .output(Count, ({ one }) => ({ n: one.n }));

export const r6: Row = {
  id: 'R6',
  title: '30 runs, kill -9: workflow tasks that waited for the dead worker',
  play: (place: Place) =>
    withScene(place, { name: 'R6' }, async (scene) => {
      const first = await scene.startWorker();
      const running = Promise.all([scene.runMany(waiting, RUNS_EACH), scene.runMany(claiming, RUNS_EACH)]);
      await scene.ledger.until('most steps under way', (lines) => underWay(lines, first.pid).length >= 2 * IN_FLIGHT);
      const inFlight = underWay(scene.ledger.lines(), first.pid).length;
      await first.kill();
      await scene.startWorker();
      const played = (await running).flat();
      const stalls = await Promise.all(played.map(async ({ result }) => stallsOf(await scene.historyOf(result.runId))));
      const unclaimed = stalls.flatMap(({ unclaimedMs }) => unclaimedMs.map((ms) => ms / 1_000));
      const claimed = stalls.flatMap(({ claimedMs }) => claimedMs.map((ms) => ms / 1_000));
      return [
        atLeast('in flight at the kill', inFlight, IN_FLIGHT),
        exactly('completed', played.filter(({ result }) => result.outcome === 'completed').length, 2 * RUNS_EACH),
        atLeast('tasks left in the dead worker’s queue', unclaimed.length, 1),
        atMost('longest of those, scheduled to given up', Math.max(...unclaimed), UNCLAIMED_LIMIT_S + SLACK_S, 's'),
        atLeast('tasks that the dead worker had begun', claimed.length, 1),
        atMost('longest of those, started to given up', Math.max(...claimed), CLAIMED_LIMIT_S + SLACK_S, 's'),
        noted('longest run', Math.max(...played.map((run) => run.finishedAt - run.startedAt)) / 1_000, 's'),
      ];
    }),
};
