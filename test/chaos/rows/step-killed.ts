/** A worker is killed in the middle of steps that take seconds: how soon is each tried again, and is anything done twice? */
import { setTimeout as delay } from 'node:timers/promises';
import type { AnyPipeline } from '../../../src/dsl/edit.ts';
import { definePipeline } from '../../../src/index.ts';
import { HEARTBEAT_ABOVE_MS } from '../../../src/plan/compose.ts';
import { nodesOf } from '../../../src/plan/nodes.ts';
import { atLeast, atMost, exactly, type Figure, noted } from '../figures.ts';
import { type LedgerLine, startsIn, tally, underWay } from '../ledger.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { withScene } from '../scene.ts';
import { Count, work } from '../steps.ts';

const STEP_MS = 2_500;
/** The kill falls somewhere in the beginning of the steps. */
const KILL_WITHIN_MS = 300;
const SLACK_MS = 1_000;

const single = (id: string, options: { readonly heartbeat?: '1 second' }) =>
  definePipeline(id, Count)
    .step('slow', work, ({ input }) => ({ n: input.n }), { ms: STEP_MS }, options)
    .output(Count, ({ slow }) => ({ n: slow.n }));

export const r1: Row = {
  id: 'R1',
  title: 'kill -9 in a 2.5 s step that beats every second',
  play: (place) => killInStep(place, 'R1', single('beating', { heartbeat: '1 second' }), 8),
};

export const r2: Row = {
  id: 'R2',
  title: 'the same, the step saying nothing of heartbeats (its timeout is 30 s)',
  play: async (place) => {
    const silent = single('silent', {});
    const impatient = silent.variant('impatient', (edit) => edit.options('slow', { timeout: '3 seconds' }));
    return [
      exactly('steps above 2 s without a heartbeat', withoutHeartbeat(silent) + withoutHeartbeat(impatient), 0),
      ...(await killInStep(place, 'R2', silent)),
    ];
  },
};

function withoutHeartbeat({ plan }: AnyPipeline): number {
  return [...nodesOf(plan)].filter(
    (node) => node.kind === 'step' && node.policy.timeoutMs > HEARTBEAT_ABOVE_MS && !node.policy.heartbeatMs,
  ).length;
}

/** @param wholeRunS what a whole run may take, where it is limited */
async function killInStep(
  place: Place,
  name: string,
  pipeline: AnyPipeline,
  wholeRunS?: number,
): Promise<readonly Figure[]> {
  const [node] = [...nodesOf(pipeline.plan)];
  const heartbeatMs = node?.kind === 'step' ? node.policy.heartbeatMs! : Number.NaN;
  return withScene(place, { name }, async (scene) => {
    const first = await scene.startWorker();
    const spare = scene.spareWorker();
    await spare.loaded;
    const running = scene.runMany(pipeline, IN_FLIGHT);
    await scene.ledger.until('all steps under way', (lines) => underWay(lines, first.pid).length === IN_FLIGHT);
    await delay(scene.random.index(KILL_WITHIN_MS));
    const inFlight = underWay(scene.ledger.lines(), first.pid).length;
    const killedAt = await first.kill();
    const second = await spare.begin();
    const played = await running;
    const lines = scene.ledger.lines();
    const again = startsIn(lines, second.pid).map(({ at }) => at - killedAt);
    const { repeated, effects, duplicateEffects } = tally(lines);
    const slowest = Math.max(...played.map(({ startedAt, finishedAt }) => finishedAt - startedAt)) / 1_000;
    return [
      atLeast('in flight at the kill', inFlight, IN_FLIGHT),
      exactly('completed', played.filter(({ result }) => result.outcome === 'completed').length, IN_FLIGHT),
      noted('new worker polling after', second.startMs / 1_000, 's'),
      atMost('retry after the kill', Math.max(...again) / 1_000, retryLimitS(heartbeatMs, second.startMs), 's'),
      wholeRunS === undefined ? noted('whole run', slowest, 's') : atMost('whole run', slowest, wholeRunS, 's'),
      atMost('repeated executions', repeated, inFlight),
      exactly('effects', effects, IN_FLIGHT),
      exactly('effects applied twice', duplicateEffects, 0),
      exactly('effects refused by key', refusals(lines), 0),
    ];
  });
}

/** A dead worker is noticed by its silence; then a new one must be there. */
const retryLimitS = (heartbeatMs: number, restartMs: number) => (heartbeatMs + restartMs + SLACK_MS) / 1_000;

/** A killed step must not have got as far as its effect. */
const refusals = (lines: readonly LedgerLine[]) => lines.filter(({ event }) => event === 'refused').length;
