/**
 * Two experiments on one pipeline while workers are killed again and again: every unit keeps its arms, who was exposed is
 * known from what was asked alone, and nothing that came of a run is lost or counted twice.
 */
import type { RunResult } from '../../../src/client/run-result.ts';
import { atLeast, exactly, type Figure, noted } from '../figures.ts';
import { killHolding } from '../killing.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { foundByAttributes, readTallies } from '../split-records.ts';
import { by, deploySplit, METRICS_OF_RUNS, settingsOf, splitSpec, why } from '../split-spec.ts';
import { type Asked, type Marks, PLUS, split } from '../split-steps.ts';

const WORKERS = 2;
const RUNS_PER_UNIT = 3;
const STEP_MS = 20;

interface Trouble {
  readonly name: string;
  readonly units: number;
  readonly kills: number;
  /** Runs under way at a time. */
  readonly atOnce: number;
}

export const r29: Row = {
  id: 'R29',
  title: 'two experiments, 3,000 runs by 1,000 units, kill -9 ten times',
  limitMs: 3_600_000,
  play: (place) => disturb(place, { name: 'R29', units: 1_000, kills: 10, atOnce: 60 }),
};

export const r32: Row = {
  id: 'R32',
  title: 'two experiments, 150 runs by 50 units, kill -9 twice',
  play: (place) => disturb(place, { name: 'R32', units: 50, kills: 2, atOnce: 50 }),
};

/** What one run asked and got. */
interface Ran {
  readonly unit: number;
  readonly input: Asked;
  readonly result: RunResult;
}

function disturb(place: Place, trouble: Trouble): Promise<readonly Figure[]> {
  const { name, units, kills, atOnce } = trouble;
  return withScene(place, { name, settings: { SLUICE_CONCURRENCY: String(atOnce) } }, async (scene) => {
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => scene.startWorker()));
    const { pipeline, experiments } = await startBoth(scene, name);
    const requests = shuffled(units * RUNS_PER_UNIT, scene.random.index);
    const running = inTurn(atOnce, requests, async (request): Promise<Ran> => {
      const unit = request % units;
      const input = inputOf(unit, Math.floor(request / units));
      return { unit, input, result: await scene.runtime.client.ask(pipeline, input, { unit: unitOf(unit) }) };
    });
    running.catch(() => undefined); // told to whoever waits for it, unless something else has failed before
    const inFlight: number[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      // Each makes one call or two: there is always enough left to have in flight.
      const after = Math.floor((requests.length * (kill + scene.random.uniform())) / (kills + 1));
      inFlight.push(await killHolding(scene, workers, after));
    }
    const ran = await running;
    const figures = await figuresOf(scene, { trouble, experiments, ran });
    for (const experiment of experiments)
      await scene.runtime.client.steerExperiment(experiment, { action: 'abort', by, why });
    return [...inFlight.map((calls) => atLeast('calls in flight at a kill', calls, IN_FLIGHT)), ...figures];
  });
}

async function startBoth(scene: Scene, name: string) {
  const pipeline = split(`split-${name}`, STEP_MS);
  await deploySplit(scene, pipeline);
  const variants = [
    pipeline.variant('opens', (edit) => edit.configure('first', { plus: PLUS.variant })),
    pipeline.variant('closes', (edit) => edit.configure('second', { plus: PLUS.variant })),
  ];
  const experiments: string[] = [];
  for (const variant of variants) {
    const spec = splitSpec(`${variant.name}-${name}`, variant);
    const request = { spec, settings: settingsOf(spec), by, why };
    experiments.push((await scene.runtime.client.startExperiment(request)).experimentId);
  }
  return { pipeline, experiments: experiments as [string, string] };
}

const unitOf = (unit: number) => `unit-${String(unit).padStart(4, '0')}`;

/** A fifth of the units never come to the second node, a fifth only skip it, and one breaks first, skips then, and goes on. */
function inputOf(unit: number, round: number): Asked {
  const n = unit * RUNS_PER_UNIT + round;
  const kind = (['breaks', 'skips', ['breaks', 'skips', 'goesOn'][round]!, 'goesOn', 'goesOn'] as const)[unit % 5]!;
  return { n, breaks: kind === 'breaks', goesOn: kind !== 'skips' };
}

interface Played {
  readonly trouble: Trouble;
  readonly experiments: readonly [string, string];
  readonly ran: readonly Ran[];
}

async function figuresOf(scene: Scene, { trouble: { units }, experiments, ran }: Played): Promise<readonly Figure[]> {
  const tallies = await readTallies(scene, experiments);
  const runs = ran.length;
  const broken = ran.filter(({ input }) => input.breaks).length;
  const wentOn = ran.filter(({ input }) => input.goesOn && !input.breaks).length;
  const figures: Figure[] = [
    exactly('runs that ended as asked, with the answer of their arms', ran.filter(isAsAsked(experiments)).length, runs),
    exactly('outputs of nodes', tallies.outputs, runs + (runs - broken) + wentOn),
    exactly('runs without outputs of nodes', tallies.runsWithout, 0),
  ];
  const reached = [ran, ran.filter(({ input }) => !input.breaks)];
  for (const [index, experiment] of experiments.entries()) {
    const arms = Map.groupBy(ran, ({ unit }) => unitOf(unit));
    const inTwo = [...arms.values()].filter(
      (of) => new Set(of.map(({ result }) => result.arms[experiment])).size !== 1,
    );
    const wanted = new Set(reached[index]!.map(({ unit, result }) => `${unitOf(unit)}:${result.arms[experiment]}`));
    const exposed = tallies.exposed(experiment);
    const inBaseline = exposed.filter((each) => each.endsWith(':baseline')).length;
    figures.push(
      exactly(`${experiment}: units with one arm`, arms.size - inTwo.length, units),
      exactly('  units exposed', exposed.length, wanted.size),
      exactly(
        '  of those that came to its node, in their arm',
        exposed.filter((each) => wanted.has(each)).length,
        wanted.size,
      ),
      atLeast('  of them in the baseline', inBaseline, 1),
      exactly('  excluded', tallies.excluded(experiment), 0),
      exactly('  outcomes', tallies.outcomes(experiment).length, runs * METRICS_OF_RUNS + (runs - broken)),
      exactly(
        '  different ones by run and metric',
        new Set(tallies.outcomes(experiment)).size,
        runs * METRICS_OF_RUNS + (runs - broken),
      ),
      exactly(
        '  workflows found by attributes, other than the runs',
        await foundByAttributes(
          scene,
          experiment,
          ran.map(({ result }) => result),
        ),
        0,
      ),
    );
  }
  const last = Math.max(...ran.map(({ result }) => result.durationMs ?? 0));
  return [...figures, noted('the longest run', last / 1_000, 's')];
}

const isAsAsked =
  ([opens, closes]: readonly [string, string]) =>
  ({ input, result: { arms, outcome, output, error } }: Ran): boolean => {
    if (input.breaks) return outcome === 'failed' && error?.code === 'broken';
    const plus = (experiment: string) => (arms[experiment] === 'baseline' ? PLUS.baseline : PLUS.variant);
    const first = input.n + plus(opens);
    const marks = output as Marks;
    return (
      outcome === 'completed' && marks.first === first && marks.second === (input.goesOn ? first + plus(closes) : 0)
    );
  };

/** 0, 1, and so on up to `count`, in an order of the seed. */
function shuffled(count: number, index: (size: number) => number): readonly number[] {
  const numbers = Array.from({ length: count }, (_, number) => number);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = index(at + 1);
    [numbers[at], numbers[other]] = [numbers[other]!, numbers[at]!];
  }
  return numbers;
}

/** `atOnce` at a time, in their order. */
async function inTurn<Item, Result>(
  atOnce: number,
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = items.values();
  const lane = async () => {
    for (const item of waiting) results.push(await act(item));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
