/** One experiment in memory, as far as its states are changed: guarded as the store guards them. */
import type { ExperimentRow, Move } from '../../../src/store/experiments.ts';
import { specOf } from '../clock-world.ts';

export interface FakeExperiments {
  row: ExperimentRow;
  readonly moves: Move[];
  /** Called before each guarded change: others may be faster. */
  onMove: () => void;
  get(): Promise<ExperimentRow>;
  move(experimentId: string, move: Move): Promise<boolean>;
}

export function fakeExperiments(change: Partial<ExperimentRow>): FakeExperiments {
  const spec = specOf('faked');
  const row = {
    ...{ experimentId: 'faked', name: 'faked', pipeline: spec.pipeline, kind: 'experiment', spec, state: 'running' },
    ...{ reason: null, range: [0, 0.5], stopped: [], winner: null, ramp: 0, stage: 1, rolloutStage: null },
    ...{ watermark: null, startedBy: 'test', startedAt: 0, endedAt: null, settings: { method: 'stage_cs' } },
    ...change,
  } as unknown as ExperimentRow;
  const fake: FakeExperiments = {
    row,
    moves: [],
    onMove: () => undefined,
    get: async () => fake.row,
    async move(_, move) {
      fake.onMove();
      if (!move.from.includes(fake.row.state)) return false;
      fake.moves.push(move);
      const { to: state, reason, winner = fake.row.winner, stop = [], ramp = fake.row.ramp } = move;
      const stopped = [...new Set([...fake.row.stopped, ...stop])];
      fake.row = { ...fake.row, state, reason, winner, ramp, stopped };
      return true;
    },
  };
  return fake;
}
