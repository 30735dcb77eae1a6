/**
 * The last part of the demo: live traffic, by people who are made up. One experiment has a winner, which is rolled out; in
 * another the variant is broken, and is taken back. What was decided is then recomputed from the ledger alone.
 */

import { count } from '../base/format.ts';
import type { Runnable } from '../client/client.ts';
import type { AnyExperiment } from '../dsl/experiment.ts';
import type { Runtime } from '../host/runtime.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import type { Example } from '../model/dataset.ts';
import { EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX } from '../model/experiment-messages.ts';
import type { SimulationResult } from '../simulation/simulate.ts';
import { type SimulationSettings, USUAL } from '../simulation/simulated-users.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { entriesOf } from './experiment-text.ts';
import { orInterrupted, type Session } from './session.ts';
import { wrap } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface DemoOnline {
  readonly experimentId: string;
  readonly state: ExperimentRow['state'];
  readonly reason: string | null;
  readonly sentences: readonly string[];
  readonly simulated: SimulationResult;
  /** Looks that were recomputed from the ledger; null where one came out otherwise. */
  readonly audited: number | null;
  readonly temporalUrls: readonly string[];
}

const BY = { by: 'demo', why: 'the demo' } as const;
/** Far more than are needed: an experiment that has ended ends it. */
const TRAFFIC: SimulationSettings = {
  ...USUAL,
  ...{
    users: 100_000,
    requests: 20_000,
    concurrency: 8,
    rating: 1,
    noise: 0.05,
    looksAt: 10,
    late: 0.02,
    lateMs: 4_000,
  },
  duplicates: 0.05,
};

export async function demoOnline(session: Session, runtime: Runtime): Promise<readonly DemoOnline[]> {
  const { terminal } = session;
  const { onePassage, searchElsewhere, showMore } = await import('../../pipelines/demo.experiments.ts');
  const examples = await examplesOf(runtime);
  if (!terminal.json) {
    terminal.print(`\n${terminal.colours.bold('Live experiments, on simulated people')}`);
    terminal.print(
      `  docs-search is deployed as its variant '${onePassage.name}'; people look at the first ten passages`,
    );
  }
  // The demo is given again and again, and begins where it began: what an earlier one has won is undone.
  const { id: pipeline, plan, name: variant } = onePassage;
  await runtime.client.deploy({ ...{ pipeline, plan, variant, ...BY }, force: true });
  const results: DemoOnline[] = [];
  for (const experiment of [showMore, searchElsewhere])
    results.push(await orInterrupted(session.signal, play(session, runtime, experiment, examples)));
  return results;
}

async function examplesOf({ store }: Runtime): Promise<readonly Example[]> {
  const { version } = await store.datasets.find('ai-docs');
  const examples = await Array.fromAsync(store.datasets.eachExample(version, { split: 'dev' }));
  // Questions in the words of the documents: with those a search by words can do something.
  return examples.filter(({ relevant, tags = [] }) => relevant !== undefined && !tags.includes('oblique'));
}

async function play(
  { terminal, signal }: Session,
  { client, store }: Runtime,
  { spec, pipeline }: AnyExperiment,
  examples: readonly Example[],
): Promise<DemoOnline> {
  const [{ planExperiment }, { freezeSettings }, { explainAnalysis }] = await Promise.all([
    import('../experiment/planner.ts'),
    import('../experiment/method.ts'),
    import('../experiment/report.ts'),
  ]);
  const plan = planExperiment({ spec, traffic: { unitsPerDay: null, metrics: spec.metrics.map(() => null) } });
  const settings = freezeSettings(spec, plan.tuning);
  const { experimentId, startedAt } = await client.startExperiment({ spec, settings, ...BY });
  const urls = [EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX].map((kind) => client.urlOf(kind + experimentId));
  if (!terminal.json) {
    const names = spec.arms.map(({ name, weight }) => `${name} ${100 * weight} %`).join(', ');
    terminal.print(`\n? ${experimentId}: ${names} of ${100 * spec.share} % of the traffic`);
    for (const { metric, margin } of plan.guardrails)
      terminal.print(`  guardrail ${metric}: no worse by ${margin}, with so few people`);
    terminal.print(terminal.colours.dim(`  ${urls[0]}`));
  }
  const ended = new AbortController();
  const traffic = simulateUntil(client, pipeline, examples, {
    // Other people each time: those of an earlier demo have met their arms.
    settings: { ...TRAFFIC, seed: Math.floor(startedAt / 1_000) % 1_000_000 },
    signal: AbortSignal.any([signal, ended.signal]),
  });
  const decided: AnalysisRecord[] = [];
  const row = await client.followExperiment(experimentId, { signal, ...watching(terminal, decided) });
  ended.abort();
  const simulated = await traffic;
  const sentences = decided.flatMap((look) => explainAnalysis(row.spec, row.settings, look));
  const audited = await auditOf(store, experimentId);
  const temporalUrls = row.rolloutStage === null ? urls.slice(0, 1) : urls;
  const result = { experimentId, state: row.state, reason: row.reason, sentences, simulated, audited, temporalUrls };
  if (!terminal.json) show(terminal, result);
  return result;
}

async function simulateUntil(
  client: Runtime['client'],
  pipeline: Runnable,
  examples: readonly Example[],
  options: { readonly settings: SimulationSettings; readonly signal: AbortSignal },
): Promise<SimulationResult> {
  const { simulate } = await import('../simulation/simulate.ts');
  return simulate({ client, pipeline, examples, ...options });
}

/** A line where its state changes, and one every few looks. */
const LOOKS_PER_LINE = 5;

/** @param decided takes the looks that have decided something */
function watching(terminal: Terminal, decided: AnalysisRecord[]) {
  let said = '';
  const note = (line: string) => {
    if (line !== said) terminal.note(line);
    said = line;
  };
  return {
    onLook(look: AnalysisRecord) {
      const { lookNo, decision, reason, data } = look;
      if (decision !== 'continue') decided.push(look);
      const units = data.exposed.reduce((sum, { n }) => sum + n, 0);
      if (decision !== 'continue' || lookNo % LOOKS_PER_LINE === 0)
        note(`  look ${lookNo}: ${count(units, 'person', 'people')}, ${decision} (${reason})`);
    },
    onState: ({ state, winner, ramp }: ExperimentRow) =>
      note(`  ${state}${state === 'rolling' ? `: ${winner} for ${100 * ramp} % of the rest` : ''}`),
  };
}

async function auditOf(store: Runtime['store'], experimentId: string): Promise<number | null> {
  const { auditLedger } = await import('../experiment/audit.ts');
  const { isEqual, looks } = auditLedger(await entriesOf(store, experimentId));
  return isEqual ? looks : null;
}

function show(terminal: Terminal, { sentences, simulated, audited, state, temporalUrls }: DemoOnline): void {
  const [verdict = '', ...rest] = sentences;
  const sign = state === 'promoted' ? '✔' : '✖';
  for (const line of wrap(`${sign} ${state}: ${verdict}`, terminal.width)) terminal.print(line);
  for (const line of wrap(rest.join(' '), terminal.width)) terminal.print(terminal.colours.dim(line));
  terminal.print(`  ${count(simulated.asked, 'simulated request')}: ${simulated.up} thumbs up, ${simulated.down} down`);
  terminal.print(
    audited === null
      ? '  ✖ the ledger does not bear its verdicts out'
      : `  ${count(audited, 'look')} recomputed from the ledger alone: the same verdicts`,
  );
  for (const url of temporalUrls) terminal.print(terminal.colours.dim(`  ${url}`));
}
