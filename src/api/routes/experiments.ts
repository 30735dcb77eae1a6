/** `/v1/experiments`: how experiments and rollouts stand, and steering them. */

import { resultAnalyses, statusOf } from '../../client/experiment-status.ts';
import { MOST_LISTED, MOST_LOOKS } from '../../contract/experiments.ts';
import { analysisReport } from '../../experiment/analysis-report.ts';
import { effectRows } from '../../experiment/report-table.ts';
import type { AnalysisRecord } from '../../model/analysis-data.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import type { Ledger } from '../../store/ledger.ts';
import { type AddRoutes, actor, addRoute } from '../route.ts';

/** Read at a time: a look is a few kilobytes, and the store has others to serve. */
const AT_ONCE = 8;

export const addExperiments: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  addRoute(app, { allow }, 'listExperiments', async (request) => {
    const { pipeline, live } = request.query;
    const rows = await store.experiments.list({
      limit: MOST_LISTED,
      ...(pipeline !== undefined && { pipeline }),
      ...(live === 'true' && { live: true }),
    });
    return { experiments: rows.map(viewOf) };
  });
  addRoute(app, { allow }, 'getExperiment', async (request) => {
    const row = await store.experiments.get(request.params.id);
    const { sentences, look, rolloutLook, stages } = await statusOf(store, row);
    return { ...viewOf(row), sentences, look, rolloutLook, stages };
  });
  for (const action of ['pause', 'resume', 'approve', 'abort'] as const)
    addRoute(app, { allow }, `${action}Experiment`, async (request) => {
      const { experimentId } = await store.experiments.get(request.params.id);
      const { why } = request.body;
      return viewOf(await client.steerExperiment(experimentId, { action, by: actor(request.context), why }));
    });
};

function viewOf(row: ExperimentRow) {
  const { experimentId, name, pipeline, kind, state, reason, stopped, winner, ramp, stage } = row;
  const arms = row.spec.arms.map(({ name, weight }) => ({ name, weight }));
  const { startedBy, startedAt, endedAt } = row;
  return {
    experimentId,
    name,
    pipeline,
    kind,
    state,
    reason,
    arms,
    stopped,
    winner,
    ramp,
    stage,
    startedBy,
    startedAt,
    endedAt,
  };
}

export const addExperimentLooks: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, { allow }, 'listLooks', async (request) => {
    const row = await store.experiments.get(request.params.id);
    return looksOf(store.ledger, row);
  });
};

async function looksOf(ledger: Ledger, { experimentId, spec }: ExperimentRow) {
  const total = (await ledger.lastLook(experimentId))?.lookNo ?? 0;
  const wanted = evenly(total, MOST_LOOKS);
  const found: AnalysisRecord[] = [];
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const entries = await Promise.all(
      wanted.slice(from, from + AT_ONCE).map((lookNo) => ledger.look(experimentId, lookNo)),
    );
    found.push(...entries.flatMap((entry) => (entry ? [JSON.parse(entry.content) as AnalysisRecord] : [])));
  }
  return { total, looks: found.map((record) => pointOf(spec, record)) };
}

/** So many of the numbers from 1 on, the first and the last among them. */
export function evenly(total: number, most: number): readonly number[] {
  if (total <= most) return Array.from({ length: total }, (_, index) => index + 1);
  return Array.from({ length: most }, (_, index) => 1 + Math.round((index * (total - 1)) / (most - 1)));
}

function pointOf(spec: ExperimentRow['spec'], record: AnalysisRecord) {
  const { lookNo, at, phase, decision, reason, data } = record;
  const rows = effectRows(spec, record).map(({ metric, variant, effect, interval: between, status: stands }) => ({
    ...{ metric, variant, effect, interval: between, status: stands },
  }));
  return { lookNo, at, phase, decision, reason, exposed: sum(data.exposed), rows };
}

const sum = (counts: readonly { readonly n: number }[]): number => counts.reduce((total, { n }) => total + n, 0);

export const addExperimentReport: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, { allow }, 'getExperimentReport', async (request) => {
    const row = await store.experiments.get(request.params.id);
    const { look, rolloutLook } = await resultAnalyses(store.ledger, row);
    return analysisReport(row, look, rolloutLook);
  });
};
