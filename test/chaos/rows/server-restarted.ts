/** Temporal's server is killed, or asked to end, and started again half a second later: workers and callers ride through. */
import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, atMost, exactly, type Figure, noted } from '../figures.ts';
import { startsIn, tally, underWay } from '../ledger.ts';
import { CHAIN_LENGTH, isRight, workChain } from '../pipelines.ts';
import type { Place, RestartableServer } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { withScene } from '../scene.ts';

const RUNS = 50;
const STEP_MS = 2_000;
/** Of what must be in flight when it goes, twice as much is waited for: some may end before. */
const AWAITED = 2 * IN_FLIGHT;
const CALLS = RUNS * CHAIN_LENGTH;
const AWAY_MS = 500;

export const r7: Row = {
  id: 'R7',
  title: 'kill -9 of the Temporal server, back after 0.5 s, 50 runs under way',
  play: (place) => restartServer(place, 'R7', (server) => server.kill(), 0),
};

export const r8: Row = {
  id: 'R8',
  title: 'SIGTERM of the Temporal server, back after 0.5 s, 50 runs under way',
  play: (place) => restartServer(place, 'R8', (server) => server.stop(), 1),
};

async function restartServer(
  place: Place,
  name: string,
  end: (server: RestartableServer) => Promise<void>,
  mostRepeated: number,
): Promise<readonly Figure[]> {
  // As many slots as runs, so that each has a step in flight.
  return withScene(place, { name, settings: { SLUICE_CONCURRENCY: String(RUNS) } }, async (scene) => {
    await scene.startWorker();
    const running = scene.runMany(workChain(STEP_MS), RUNS);
    const after = RUNS + scene.random.index(RUNS);
    await scene.ledger.until(
      `${after} starts and ${AWAITED} under way`,
      (lines) => startsIn(lines).length >= after && underWay(lines).length >= AWAITED,
    );
    const inFlight = underWay(scene.ledger.lines()).length;
    const endedAt = Date.now();
    await end(place.temporal);
    await delay(AWAY_MS);
    await place.temporal.start();
    const awayS = (Date.now() - endedAt) / 1_000;
    const played = await running;
    const { executions, repeated, effects, duplicateEffects } = tally(scene.ledger.lines());
    return [
      atLeast('in flight when it went', inFlight, IN_FLIGHT),
      atLeast('runs under way when it went', played.filter(({ finishedAt }) => finishedAt > endedAt).length, IN_FLIGHT),
      noted('answering again after', awayS, 's'),
      exactly('callers that got the right answer', played.filter(isRight).length, RUNS),
      exactly('steps executed, each once or more', executions - repeated, CALLS),
      atMost('repeated executions', repeated, mostRepeated),
      exactly('effects', effects, CALLS),
      exactly('effects applied twice', duplicateEffects, 0),
      noted('last done after it went', (Math.max(...played.map((run) => run.finishedAt)) - endedAt) / 1_000, 's'),
    ];
  });
}
