/** What a load on the API must have come to, whatever went wrong meanwhile. */
import type { Ended, Statuses } from './api-client.ts';
import type { Asked } from './api-load.ts';
import type { ApiRecords } from './api-records.ts';
import { atLeast, exactly, type Figure, noted, quantile } from './figures.ts';
import { type LedgerLine, tally } from './ledger.ts';
import { SERVED_STEPS } from './pipelines.ts';
import { IN_FLIGHT } from './row.ts';

/** Of one trouble, from when it began until what it took was up again; as `performance.now` tells it. */
export interface Window {
  readonly what: string;
  /** Requests that were under way when it began. */
  readonly struck: number;
  readonly from: number;
  readonly to: number;
}

interface ApiLoadResult {
  readonly name: string;
  readonly asked: readonly Asked[];
  readonly windows: readonly Window[];
  readonly statuses: Statuses;
  readonly records: ApiRecords;
  readonly owner: string;
  /** What `GET /v1/runs/{id}` gives at the end, of each run that has a row. */
  readonly shown: ReadonlyMap<string, Ended>;
  /** Runs that the sweeper closed. */
  readonly swept: number;
  readonly lines: readonly LedgerLine[];
  /** Requests that must have met a trouble. */
  readonly least: number;
}

export function figuresOf(result: ApiLoadResult): readonly Figure[] {
  return [...requestFigures(result), ...runFigures(result), ...feedbackFigures(result), ...effectFigures(result)];
}

function requestFigures({ name, asked, windows, statuses, least }: ApiLoadResult): readonly Figure[] {
  const met = asked.filter((each) => windows.some((window) => isIn(each, window)));
  const waits = asked.map(({ startedAt, answeredAt }) => (answeredAt! - startedAt) / 1_000);
  const said = (status: number) => statuses.get(status) ?? 0;
  return [
    noted(`${name}: requests`, asked.length),
    atLeast('  that met a trouble', met.length, least),
    atLeast('  under way whenever something went', Math.min(...windows.map(({ struck }) => struck)), IN_FLIGHT),
    ...perTrouble(asked, windows),
    exactly('  refused for good', asked.filter(({ refusal }) => refusal !== undefined).length, 0),
    exactly('  repeated until given up', asked.filter((each) => !each.accepted && !each.isImpatient).length, 0),
    noted('  sent once, in vain', asked.filter((each) => !each.accepted && each.isImpatient).length),
    noted('  tries refused with 429', said(429)),
    noted('  tries refused with 503', said(503)),
    exactly('  tries answered with 500', said(500), 0),
    noted('  tries whose connection was refused or broke', said(0)),
    noted('  median time to the answer', quantile(waits, 0.5), 's'),
    noted('  longest', Math.max(...waits), 's'),
  ];
}

function perTrouble(asked: readonly Asked[], windows: readonly Window[]): readonly Figure[] {
  return [...Map.groupBy(windows, ({ what }) => what)].flatMap(([what, each]) => [
    noted(`    ${what}`, asked.filter((one) => each.some((window) => isIn(one, window))).length),
    noted('      away for, at most', Math.max(...each.map(({ from, to }) => to - from)) / 1_000, 's'),
  ]);
}

/** Under way for some of the time. */
const isIn = ({ startedAt, answeredAt }: Asked, { from, to }: Window) => startedAt <= to && answeredAt! >= from;

function runFigures({ asked, records, owner, shown, swept }: ApiLoadResult): readonly Figure[] {
  const accepted = asked.filter((each) => each.accepted !== undefined);
  const byKey = Map.groupBy(records.runs, ({ key }) => key);
  const runsOf = ({ key }: Asked) => byKey.get(`${owner}/${key}`) ?? [];
  const unlike = accepted.filter((each) => runsOf(each)[0]?.runId !== each.accepted!.runId);
  const broken = accepted.filter((each) => !isRight(each, shown.get(each.accepted!.runId)));
  const lost = asked.filter((each) => !each.accepted).flatMap(runsOf);
  return [
    noted(
      '  accepted: with a row, or told to the client',
      new Set([...records.runs.map(({ runId }) => runId), ...accepted.map(({ accepted }) => accepted!.runId)]).size,
    ),
    exactly('    neither answered nor found by the id', accepted.filter(({ ended }) => ended === undefined).length, 0),
    exactly('    answered wrongly', accepted.filter((each) => each.ended && !isRight(each, each.ended)).length, 0),
    exactly('    not shown as ended with that answer afterwards', broken.length, 0),
    exactly(
      '    rows of runs that are not shown as ended',
      records.runs.filter(({ runId }) => !shown.has(runId)).length,
      0,
    ),
    exactly('    keys with more than one run', [...byKey.values()].filter(({ length }) => length > 1).length, 0),
    exactly('    keys with another run than their client was told', unlike.length, 0),
    exactly('    rows still running', records.runs.filter(({ state }) => state === 'running').length, 0),
    noted('  begun, though nobody was told', lost.length),
    noted('    of those closed by the sweeper: never started', swept),
  ];
}

const isRight = ({ n }: Asked, ended: Ended | undefined) =>
  ended?.outcome === 'completed' && (ended.output as { readonly n?: number }).n === n + SERVED_STEPS;

function feedbackFigures({ asked, records: { feedback } }: ApiLoadResult): readonly Figure[] {
  const said = asked.filter(({ accepted }) => accepted !== undefined);
  const kept = new Map(feedback.map((row) => [row.feedbackId, row]));
  const isKept = ({ n, accepted, feedbackId }: Asked) => {
    const row = kept.get(feedbackId!);
    return row?.runId === accepted!.runId && row.score === n;
  };
  return [
    exactly('  feedback acknowledged', said.filter(({ feedbackId }) => feedbackId !== undefined).length, said.length),
    exactly('    lost', said.filter((each) => each.feedbackId !== undefined && !isKept(each)).length, 0),
    exactly('    rows', feedback.length, said.length),
    exactly('    runs with more than one', feedback.length - new Set(feedback.map(({ runId }) => runId)).size, 0),
  ];
}

function effectFigures({ records: { runs }, lines, swept }: ApiLoadResult): readonly Figure[] {
  const { executions, repeated, effects, duplicateEffects } = tally(lines);
  const ran = runs.length - swept;
  return [
    exactly('  effects: one of each run that was started', effects, ran),
    exactly('    applied twice', duplicateEffects, 0),
    exactly('  steps executed, each once or more', executions - repeated, ran * SERVED_STEPS),
    noted('    repeated executions', repeated),
    noted('    effects that the one before had made', lines.filter(({ event }) => event === 'refused').length),
  ];
}
