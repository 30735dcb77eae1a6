/** Monitors that the recorded histories hold: of runs of one step, by another, and of what becomes of their alerts. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { scoringQueueOf } from '../../src/client/experiment-clock.ts';
import { defineMonitor, definePipeline, defineScorer } from '../../src/index.ts';
import { MONITOR_WORKFLOW, type MonitorInput, monitorWorkflowId } from '../../src/model/monitor-spec.ts';
import type { Scenario, Stage } from './scenarios.ts';
import { Amount, add } from './steps.ts';

const ADA = { by: 'recorded', why: 'to see' };
/** The name of the monitor whose alerts nobody takes. */
const UNTOLD = 'untold';

const watched = definePipeline('watched', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .output(Amount, ({ one }) => ({ n: one.n }));
const large = defineScorer('large', { pipeline: watched }, add, ({ output }) => ({ n: output.n }), {
  scores: { n: 'detail' },
});
const named = (name: string, alert?: { readonly below: number }) =>
  defineMonitor(name, {
    ...{ pipeline: watched, scorer: large, sample: 1 },
    ...(alert && { alert: { ...alert, field: 'isLarge', atLeast: 2, window: '1 minute' } }),
  }).spec;

/** Takes alerts, but for those of one monitor. */
export async function startReceiver(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.writeHead(body.includes(`"monitor":"${UNTOLD}"`) ? 410 : 204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

async function untilScored({ runtime: { client, store } }: Stage, monitorId: string, runs: number): Promise<void> {
  for (let run = 0; run < runs; run += 1) await client.run(watched, { n: 1 });
  while ((await store.monitors.counts(monitorId)).scored < runs) await delay(50);
}

const stopped: Scenario = {
  async play(stage) {
    const { client } = stage.runtime;
    const { monitorId, starts } = await client.startMonitor(named('stopped'), ADA);
    await untilScored(stage, monitorId, 1);
    await client.stopMonitor(monitorId, ADA);
    const workflowId = monitorWorkflowId(monitorId, starts);
    await stage.temporal.workflow
      .getHandle(workflowId)
      .result()
      .catch(() => undefined);
    return [workflowId];
  },
  ends: 'workflowExecutionCanceledEventAttributes',
};

/** One that alerts, and whose workflow has turns of its own number; it ends when somebody was told, or could not be. */
const alerting = (name: string, turnsPerHistory: number, ends: Scenario['ends']): Scenario => ({
  async play(stage) {
    const { runtime, temporal, config } = stage;
    const { monitors } = runtime.store;
    const { monitorId, starts } = await monitors.start(named(name, { below: 0.9 }), ADA);
    const workflowId = monitorWorkflowId(monitorId, starts);
    const input: MonitorInput = { monitorId, starts, queue: scoringQueueOf(config.queues), turnsPerHistory };
    const options = { workflowId, taskQueue: config.queues.control, args: [input] };
    const { firstExecutionRunId } = await temporal.workflow.start(MONITOR_WORKFLOW, options);
    await untilScored(stage, monitorId, 3);
    const isTold = async () => {
      const [alert] = await monitors.alerts(monitorId, 1);
      return alert !== undefined && (alert.deliveredAt !== null || alert.error !== null);
    };
    while (!(await isTold())) await delay(50);
    // What was continued has ended by that.
    const first = temporal.workflow.getHandle(workflowId, firstExecutionRunId, { followRuns: false });
    if (turnsPerHistory === 1) await first.result().catch(() => undefined);
    await monitors.stop(monitorId, ADA);
    await temporal.workflow.getHandle(workflowId).result();
    return [workflowId, firstExecutionRunId];
  },
  ends,
});

export const MONITOR_SCENARIOS = {
  'monitor-stopped': stopped,
  'monitor-continued': alerting('told', 1, 'workflowExecutionContinuedAsNewEventAttributes'),
  'monitor-untold': alerting(UNTOLD, 300, 'workflowExecutionCompletedEventAttributes'),
};
