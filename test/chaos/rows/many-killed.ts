/** A worker is killed under the load of fifty short runs: none may be lost, and only what was in flight may be repeated. */
import type { AnyPipeline } from '../../../src/dsl/edit.ts';
import { DefinitionError, definePipeline } from '../../../src/index.ts';
import { atLeast, atMost, exactly, type Figure, noted } from '../figures.ts';
import { activitiesOf } from '../histories.ts';
import { startsIn, tally, underWay } from '../ledger.ts';
import { CHAIN_LENGTH, isRight, localChain, workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { Count, work } from '../steps.ts';

const RUNS = 50;
/** Long enough that sixteen are in flight at any time, however slow the machine. */
const STEP_MS = 2_000;
/** Of what must be in flight at the kill, twice as much is waited for: some may end before it comes. */
const AWAITED = 2 * IN_FLIGHT;
const LOCAL_STEP_MS = 200;
const CALLS = RUNS * CHAIN_LENGTH;

export const r3: Row = {
  id: 'R3',
  title: '50 runs of 5 steps of 2 s, kill -9',
  play: (place) =>
    killUnderLoad(place, 'R3', workChain(STEP_MS), async ({ scene, pid, killedAt, runIds }) => {
      const { executions, repeated, effects, duplicateEffects } = tally(scene.ledger.lines());
      const inFlight = await unanswered(scene, pid, killedAt, runIds);
      return [
        exactly('steps executed, each once or more', executions - repeated, CALLS),
        noted('executions', executions),
        atMost('repeated executions, of those in flight', repeated, inFlight),
        exactly('effects', effects, CALLS),
        exactly('effects applied twice', duplicateEffects, 0),
      ];
    }),
};

export const r4: Row = {
  id: 'R4',
  title: '50 runs of 5 local steps of 0.2 s, kill -9',
  play: async (place) => [
    exactly('steps with effects that the local lane took', localWithEffect(), 0),
    ...(await killUnderLoad(place, 'R4', localChain(LOCAL_STEP_MS), async ({ scene, unfinished }) => {
      const { executions, repeated } = tally(scene.ledger.lines());
      return [
        exactly('steps executed, each once or more', executions - repeated, CALLS),
        noted('executions', executions),
        // A local step is repeated with its whole workflow task, here at most the whole chain.
        atMost('repeated executions, of those in unfinished runs', repeated, unfinished * CHAIN_LENGTH),
      ];
    })),
  ],
};

interface Aftermath {
  readonly scene: Scene;
  /** Of the killed worker. */
  readonly pid: number;
  readonly killedAt: number;
  readonly runIds: readonly string[];
  /** Runs without an answer at the kill. */
  readonly unfinished: number;
}

async function killUnderLoad(
  place: Place,
  name: string,
  pipeline: AnyPipeline,
  examine: (aftermath: Aftermath) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  return withScene(place, { name }, async (scene) => {
    const first = await scene.startWorker();
    const running = scene.runMany(pipeline, RUNS);
    // Somewhere in the first half of the work.
    const after = scene.random.index(Math.floor(CALLS / 2));
    await scene.ledger.until(
      `${after} starts and ${AWAITED} under way`,
      (lines) => startsIn(lines).length >= after && underWay(lines, first.pid).length >= AWAITED,
    );
    const killedAt = await first.kill();
    const inFlight = underWay(scene.ledger.lines(), first.pid).length;
    await scene.startWorker();
    const played = await running;
    return [
      atLeast('in flight at the kill', inFlight, IN_FLIGHT),
      exactly('completed, with the right answer', played.filter(isRight).length, RUNS),
      ...(await examine({
        ...{ scene, killedAt },
        pid: first.pid,
        runIds: played.map(({ result }) => result.runId),
        unfinished: played.filter(({ finishedAt }) => finishedAt > killedAt).length,
      })),
      noted(
        'last done after the kill',
        (Math.max(...played.map(({ finishedAt }) => finishedAt)) - killedAt) / 1_000,
        's',
      ),
    ];
  });
}

/**
 * Node runs that a worker had begun and whose result the server did not have when it was killed. Finer than the ledger:
 * a step that ended a moment before the kill may have taken its result with it.
 */
async function unanswered(scene: Scene, pid: number, killedAt: number, runIds: readonly string[]): Promise<number> {
  const answered = new Set<string>();
  for (const runId of runIds)
    for (const { key, completed, endedAt } of activitiesOf(await scene.historyOf(runId)))
      if (completed && endedAt! <= killedAt) answered.add(`${runId}:${key}`);
  return startsIn(scene.ledger.lines(), pid).filter(({ key }) => !answered.has(key)).length;
}

/** How many steps with effects the definition lets into the local lane; the compiler refuses the same. */
function localWithEffect(): number {
  try {
    definePipeline('forbidden', Count)
      // @ts-expect-error lane 'local' needs a step that declares effect: 'none'
      .step('one', work, ({ input }) => ({ n: input.n }), { ms: 1 }, { lane: 'local' })
      .output(Count, ({ one }) => ({ n: one.n }));
    return 1;
  } catch (error) {
    if (error instanceof DefinitionError && error.code === 'lane_effect') return 0;
    throw error;
  }
}
