/** Pieces of wording that the commands on experiments and rollouts share. */
import { EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX } from '../model/experiment-messages.ts';
import type { ExperimentState } from '../model/experiment-spec.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import { EXIT, type ExitCode } from './session.ts';

export const stateText = (state: ExperimentState): string => state.replaceAll('_', ' ');

/** Of the workflow that looks at it now. */
export function workflowIdOf({ experimentId, kind, rolloutStage }: ExperimentRow): string {
  const isRollout = kind === 'rollout' || rolloutStage !== null;
  return (isRollout ? ROLLOUT_WORKFLOW_PREFIX : EXPERIMENT_WORKFLOW_PREFIX) + experimentId;
}

/** Which of the two commands it is steered by. */
export const groupOf = ({ kind, state }: Pick<ExperimentRow, 'kind' | 'state'>): 'experiment' | 'rollout' =>
  kind === 'rollout' || state === 'rolling' ? 'rollout' : 'experiment';

/** What programs are told of how it stands. */
export function exitOf({ state }: Pick<ExperimentRow, 'state'>): ExitCode {
  if (state === 'rolled_back') return EXIT.worse;
  return state === 'inconclusive' ? EXIT.inconclusive : EXIT.fine;
}

/** What can be done with an experiment next, ready to paste. */
export function nextLines(row: ExperimentRow, isServed: boolean): readonly string[] {
  const { experimentId, state, kind, name, pipeline } = row;
  const say = (action: string, why = true) =>
    `sluice ${groupOf(row)} ${action} ${experimentId}${why ? ' --why "…"' : ''}`;
  const abort = `end it: ${say('abort')}`;
  const waits = isServed ? [] : ['no server runs here: it goes on when one does: sluice dev'];
  switch (state) {
    case 'running':
      return [...waits, `pause: ${say('pause')}`];
    case 'paused':
      return [`go on: ${say('resume', false)}`, abort];
    case 'halted':
      return [abort];
    case 'approving':
      return [`roll it out: ${say('approve')}`, abort];
    case 'rolling':
      return [...waits, `stay on this step: ${say('pause')}`, abort];
    case 'promoted':
      return [`what is served: sluice deploy ${pipeline} --history`];
    case 'rolled_back':
    case 'inconclusive':
      return [
        `how it went: sluice experiment history ${experimentId}`,
        `hold it to its ledger: sluice experiment audit ${experimentId}`,
      ];
    case 'aborted':
    case 'superseded':
      return kind === 'rollout'
        ? [`begin anew: sluice rollout start ${pipeline} --variant ${row.winner ?? 'NAME'}`]
        : [`begin anew: sluice experiment start ${name}`];
    default:
      return state satisfies never;
  }
}

const PAGE = 1_000;

/** The whole ledger of an experiment, page by page. */
export async function entriesOf(
  { ledger }: Pick<Store, 'ledger'>,
  experimentId: string,
): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (;;) {
    const page = await ledger.entries(experimentId, { after: entries.at(-1)?.entryNo ?? 0, limit: PAGE });
    entries.push(...page);
    if (page.length < PAGE) return entries;
  }
}
