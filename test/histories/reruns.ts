/** Backtests and shadows that the recorded histories hold: runs of one step, called again. */

import type { NewRerunRequest } from '../../src/client/rerun-client.ts';
import { rerunSpecOf } from '../../src/experiment/rerun/rerun-request.ts';
import { definePipeline } from '../../src/index.ts';
import type { RerunKind } from '../../src/model/rerun-spec.ts';
import type { Scenario, Stage } from './scenarios.ts';
import { Amount, add } from './steps.ts';

const again = definePipeline('run-again', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .output(Amount, ({ one }) => ({ n: one.n }));

const start = ({ runtime }: Stage, kind: RerunKind, of: NewRerunRequest['of']) =>
  runtime.client.startRerun({
    spec: rerunSpecOf({ kind, pipeline: again.id, variant: { name: 'same', edits: [] }, from: 'one', scorers: [] }),
    ...{ plan: again.plan, startedBy: 'recorded', budgetUsd: null, of },
  });

const backtested: Scenario = {
  async play(stage) {
    const { client } = stage.runtime;
    const runs = await Promise.all([1, 2, 3].map((n) => client.run(again, { n })));
    const { rerunId } = await start(stage, 'backtest', { runIds: runs.map(({ runId }) => runId) });
    await client.followRerun(rerunId);
    return [rerunId];
  },
  ends: 'workflowExecutionCompletedEventAttributes',
};

const shadowStopped: Scenario = {
  async play(stage) {
    const { client, store } = stage.runtime;
    const { rerunId } = await start(stage, 'shadow', { share: 1 });
    // Workers notice it within a second; a run after that shows that its turn has begun.
    while ((await store.reruns.progress(rerunId)).done === 0) await client.run(again, { n: 4 });
    await client.stopRerun(rerunId);
    await client.followRerun(rerunId);
    return [rerunId];
  },
  ends: 'workflowExecutionCanceledEventAttributes',
};

export const RERUN_SCENARIOS = { backtested, 'shadow-stopped': shadowStopped };
