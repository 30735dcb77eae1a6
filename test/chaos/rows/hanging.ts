/**
 * Steps that never return: one that listens to nobody, one that blocks its process, requests that a provider never
 * answers or drops in the middle. Each is ended by its limit, and the sockets of the provider are closed.
 */
import { z } from 'zod';
import type { AnyPipeline } from '../../../src/dsl/edit.ts';
import { definePipeline } from '../../../src/index.ts';
import { atLeast, atMost, exactly, type Figure } from '../figures.ts';
import { activitiesOf } from '../histories.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { type StallingServer, startStallingServer } from '../stalling-server.ts';
import { block, Count, fetchAll, fetchParts, hang } from '../steps.ts';

const TIMEOUT_S = 5;
const HEARTBEAT_S = 4;
const LATE = 1.2;
/** Far longer than the server waits for a process that cannot time itself. */
const BLOCK_MS = 8_000;

const hanging = definePipeline('hanging', Count)
  .step('hung', hang, ({ input }) => ({ n: input.n }))
  .output(Count, ({ hung }) => ({ n: hung.n }));
const blocking = definePipeline('blocking', Count)
  .step('blocked', block, ({ input }) => ({ n: input.n }), { ms: BLOCK_MS })
  .output(Count, ({ blocked }) => ({ n: blocked.n }));
const asking = (url: string) =>
  definePipeline('asking', Count)
    .step('asked', fetchAll, () => ({ url }))
    .output(z.object({ text: z.string() }), ({ asked }) => ({ text: asked.text }));
const listening = (url: string) =>
  definePipeline('listening', Count)
    .step('heard', fetchParts, () => ({ url }))
    .output(z.object({ text: z.string() }), ({ heard }) => ({ text: heard.text }));

export const r17: Row = {
  id: 'R17',
  title: 'steps that hang, block, or wait for a provider that stalls',
  play: async (place: Place) => {
    const provider = await startStallingServer();
    try {
      return await withScene(place, { name: 'R17' }, async (scene) => {
        await scene.startWorker();
        const [hung, silent, stalled] = await Promise.all([
          ended(scene, hanging, 'a step that listens to nobody', TIMEOUT),
          ended(scene, asking(provider.silentUrl), 'a request that is never answered', TIMEOUT),
          silenced(scene, listening(provider.stallingUrl)),
        ]);
        const sockets = closed(provider);
        // Alone, since it stops everything else in its process.
        const blocked = await ended(scene, blocking, 'a step that blocks its process', BLOCKED);
        return [...hung, ...silent, ...stalled, ...sockets, ...blocked];
      });
    } finally {
      await provider.stop();
    }
  },
};

interface Limit {
  readonly code: 'timeout' | 'heartbeat_lost';
  readonly seconds: number;
  readonly runs: number;
}

const TIMEOUT: Limit = { code: 'timeout', seconds: TIMEOUT_S, runs: IN_FLIGHT };
/** A process that does nothing else misses its heartbeat, too; one step is enough to block it. */
const BLOCKED: Limit = { code: 'heartbeat_lost', seconds: TIMEOUT_S, runs: 1 };

/** Steps ended by a limit that counts from their beginning. */
async function ended(scene: Scene, pipeline: AnyPipeline, what: string, limit: Limit): Promise<readonly Figure[]> {
  const played = await scene.runMany(pipeline, limit.runs);
  const took = await Promise.all(
    played.map(async ({ result }) => {
      const [activity] = activitiesOf(await scene.historyOf(result.runId));
      return (activity!.endedAt! - activity!.startedAt!) / 1_000;
    }),
  );
  const asMeant = played.filter(({ result }) => result.error?.code === limit.code);
  return [
    exactly(`${what}: ended as '${limit.code}'`, asMeant.length, limit.runs),
    atLeast(`${what}: the soonest, of its ${limit.seconds} s`, Math.min(...took) / limit.seconds, 0.95, '×'),
    atMost(`${what}: the latest, of its ${limit.seconds} s`, Math.max(...took) / limit.seconds, LATE, '×'),
  ];
}

/** Steps ended by their silence, counted from the last part that arrived. */
async function silenced(scene: Scene, pipeline: AnyPipeline): Promise<readonly Figure[]> {
  const what = 'an answer that stops midway';
  const played = await scene.runMany(pipeline, IN_FLIGHT);
  const lines = scene.ledger.lines();
  const took = await Promise.all(
    played.map(async ({ result: { runId } }) => {
      const [activity] = activitiesOf(await scene.historyOf(runId));
      const beats = lines.filter(({ event, key }) => event === 'beat' && key.startsWith(runId));
      return (activity!.endedAt! - Math.max(...beats.map(({ at }) => at))) / 1_000;
    }),
  );
  const lost = played.filter(({ result }) => result.error?.code === 'heartbeat_lost');
  return [
    exactly(`${what}: ended as 'heartbeat_lost'`, lost.length, IN_FLIGHT),
    atMost(`${what}: the latest, of its ${HEARTBEAT_S} s`, Math.max(...took) / HEARTBEAT_S, LATE, '×'),
  ];
}

/** Whether the provider saw its sockets closed: a request that nobody waits for still costs money. */
function closed(provider: StallingServer): readonly Figure[] {
  const sockets = provider.sockets();
  return [
    exactly('requests the provider took', sockets.length, 2 * IN_FLIGHT),
    exactly('sockets left open when their runs had ended', sockets.filter(({ isOpen }) => isOpen).length, 0),
  ];
}
