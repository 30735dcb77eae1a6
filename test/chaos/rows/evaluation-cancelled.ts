/** An evaluation is cancelled with 500 examples in flight: what is under way ends soon, and every cell says why it is empty. */

import { SCORERS, VARIANTS } from '../evaluation-steps.ts';
import { atLeast, atMost, exactly, type Figure, noted } from '../figures.ts';
import { startsIn } from '../ledger.ts';
import type { Place } from '../place.ts';
import type { Row } from '../row.ts';
import { withScene } from '../scene.ts';
import { startSpeeches } from '../speeches.ts';

const EXAMPLES = 1_000;
const IN_FLIGHT_EXAMPLES = 500;
const EXAMPLES_PER_CHUNK = 10;
const SLOTS = 8;
const WORKERS = 2;

export const r18: Row = {
  id: 'R18',
  title: 'evaluation cancelled with 500 examples in flight',
  play: cancel,
};

function cancel(place: Place): Promise<readonly Figure[]> {
  return withScene(place, { name: 'R18', settings: { SLUICE_EVAL_CONCURRENCY: String(SLOTS) } }, async (scene) => {
    const { runtime, temporal, ledger } = scene;
    await Promise.all(Array.from({ length: WORKERS }, () => scene.startWorker()));
    const evaluationId = await startSpeeches(scene, 'texts-R18', EXAMPLES);
    const pendingChunks = async () => {
      const { raw } = await temporal.workflow.getHandle(evaluationId).describe();
      return (raw.pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'evaluateChunk').length;
    };
    await ledger.until('calls in all slots', (lines) => startsIn(lines).length >= SLOTS * WORKERS * 10);
    const chunks = await pendingChunks();
    const cancelledAt = performance.now();
    await runtime.client.cancelEvaluation(evaluationId);
    const { state } = await runtime.client.followEvaluation(evaluationId);
    const seconds = (performance.now() - cancelledAt) / 1_000;
    const calls = startsIn(ledger.lines()).length;
    const rows = await Array.fromAsync(runtime.store.evaluations.eachResult(evaluationId));
    const cells = rows.flatMap((row) => Object.values(row.cells));
    return [
      atLeast('examples in flight', chunks * EXAMPLES_PER_CHUNK, IN_FLIGHT_EXAMPLES),
      exactly('evaluation cancelled', Number(state === 'cancelled'), 1),
      atMost('ended after', seconds, 30, 's'),
      exactly('chunks left', await pendingChunks(), 0),
      exactly('calls begun afterwards', startsIn(ledger.lines()).length - calls, 0),
      exactly('cells', cells.length, EXAMPLES * VARIANTS * SCORERS),
      exactly(
        'cells without a score or a reason',
        cells.filter((cell) => cell.state === 'missing' && cell.reason === '').length,
        0,
      ),
      noted('cells with a score', cells.filter(({ state: each }) => each === 'done').length),
    ];
  });
}
