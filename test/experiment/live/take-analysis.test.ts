import { beforeEach, describe, expect, test } from 'vitest';
import { takeAnalysis } from '../../../src/experiment/take-analysis.ts';
import type { AnalysisData } from '../../../src/model/analysis-data.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { ExperimentRow, StageRow } from '../../../src/store/experiments.ts';
import type { LedgerEntry } from '../../../src/store/ledger.ts';
import type { LookRequest } from '../../../src/store/outcomes.ts';
import { planFor, settingsOf, specOf } from '../clock-world.ts';
import { fakeExperiments } from './fake-experiments.ts';

const NOW = 10_000;

/** A store that has one experiment, whose plan reads the index `docs`, and nothing that has matured. */
function world(change: Partial<ExperimentRow> = {}, method: 'stage_cs' | 'asymp_cs' = 'stage_cs') {
  const spec = specOf('faked', { graceMs: 100 });
  const fake = fakeExperiments({ spec, settings: { ...settingsOf(spec), method }, ...change });
  const plan = planFor('faked-on');
  const [said] = plan.nodes;
  const base = { ...plan, nodes: [{ ...said, call: { step: 'speak@1', config: { index: 'docs' } } }] } as Plan;
  const [entries, asked]: [LedgerEntry[], LookRequest[]] = [[], []];
  const stage = {
    stage: 1,
    basePlanId: 'p',
    deploymentNo: 1,
    facts: { snapshots: { docs: 'a' } },
    why: '',
    beganAt: 0,
  };
  const stages: StageRow[] = [stage];
  const state = { snapshot: 'a', data: {} as Partial<AnalysisData> };
  const store = {
    experiments: {
      ...fake,
      stages: async () => stages,
      async beginStage(_: string, from: number, { facts, why }: Pick<StageRow, 'facts' | 'why'>) {
        stages.push({ ...stage, stage: from + 1, facts, why });
        fake.row = { ...fake.row, stage: from + 1 };
      },
    },
    plans: { get: async () => base },
    indexes: { snapshot: async () => ({ hash: state.snapshot }) },
    outcomes: {
      async look(_: string, request: LookRequest): Promise<AnalysisData> {
        asked.push(request);
        const { watermark, startedAt, fromStage, stopped } = request;
        const counts = { twoArms: 0, overridden: 0, outcomes: 0, late: 0, outside: 0 };
        const none = { exposed: [], matured: [], cells: [], breaker: [] };
        return { watermark, startedAt, fromStage, ...none, counts, stopped, ...state.data };
      },
    },
    ledger: {
      look: async (_: string, lookNo: number) => entries.find((entry) => entry.lookNo === lookNo),
      async append(
        _: string,
        { kind, lookNo, content }: { kind: LedgerEntry['kind']; lookNo: number; content: unknown },
      ) {
        const entry = { entryNo: entries.length + 1, kind, lookNo, at: NOW, content: JSON.stringify(content) };
        entries.push(entry);
        return entry;
      },
    },
  };
  type LookStore = Parameters<typeof takeAnalysis>[0]['store'];
  const look = (lookNo: number, phase: 'experiment' | 'rollout' = 'experiment') =>
    takeAnalysis(
      { store: store as unknown as LookStore, now: () => NOW, version: '1' },
      { experimentId: 'faked', lookNo, phase },
    );
  return { fake, state, stages, entries, asked, look };
}

let it: ReturnType<typeof world>;
beforeEach(() => {
  it = world();
});

describe('a look', () => {
  test('is of what has matured before what may still be on its way', async () => {
    expect(await it.look(1)).toMatchObject({
      ...{ lookNo: 1, at: NOW, isRecorded: true, decision: 'continue', reason: 'warming_up', state: 'running' },
      ...{ isLive: true, phase: 'experiment', units: 0, stops: [], details: expect.stringContaining('| failed |') },
    });
    expect(it.asked).toMatchObject([{ watermark: NOW - 100, fromStage: 1, failed: 1, arms: 2, stopped: [] }]);
  });

  test('that is in the ledger is given as it is there, whatever has become of the experiment', async () => {
    const first = await it.look(1);
    it.fake.row = { ...it.fake.row, state: 'aborted' };
    it.state.snapshot = 'b';
    expect(await it.look(1)).toEqual({ ...first, state: 'aborted', isLive: false });
    expect([it.entries.length, it.asked.length, it.stages.length]).toEqual([1, 1, 1]);
  });

  test.each(['paused', 'aborted', 'rolling'] as const)('is not made of what is %s', async (state) => {
    it.fake.row = { ...it.fake.row, state };
    expect(await it.look(1)).toMatchObject({ isRecorded: false, decision: 'continue', state });
    expect(it.entries).toEqual([]);
  });

  test('of method version 1 keeps neither assigned units nor arrivals, and one of version 2 keeps both', async () => {
    const data = {
      assigned: [{ stage: 1, arm: 0, n: 2, exposed: 1 }],
      arrivals: [{ metric: 0, stage: 1, arm: 0, events: 1, late: 0 }],
    };
    const dataIn = async (methodVersion: number) => {
      const { look, state, entries, fake } = world();
      fake.row = { ...fake.row, settings: { ...fake.row.settings, methodVersion } };
      state.data = data;
      await look(1);
      return JSON.parse(entries[0]!.content).data;
    };
    expect(await dataIn(2)).toMatchObject(data);
    const before = await dataIn(1);
    expect(before).not.toHaveProperty('assigned');
    expect(before).not.toHaveProperty('arrivals');
  });

  test('of a rollout is of what it has met, without variants that were stopped', async () => {
    const { look, asked } = world({ state: 'rolling', winner: 'warm', stage: 4, rolloutStage: 3 });
    expect(await look(7, 'rollout')).toMatchObject({ isRecorded: true, phase: 'rollout', decision: 'continue' });
    expect(asked).toMatchObject([{ fromStage: 3 }]);
  });
});

describe('an index with a new snapshot', () => {
  test('begins a stage, once, and what is looked at goes on', async () => {
    it.state.snapshot = 'b';
    expect(await it.look(1)).toMatchObject({ isRecorded: true });
    await it.look(2);
    expect(it.stages.slice(1)).toMatchObject([
      { stage: 2, facts: { snapshots: { docs: 'b' } }, why: "'docs' has a new snapshot" },
    ]);
  });

  test('ends an experiment whose method holds for one stage', async () => {
    const { look, state, fake, entries } = world({}, 'asymp_cs');
    state.snapshot = 'b';
    expect(await look(1)).toMatchObject({ isRecorded: false, isLive: false, state: 'superseded' });
    expect(fake.row.reason).toContain("'docs' has a new snapshot");
    expect(entries).toEqual([]);
  });
});
