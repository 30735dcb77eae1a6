/** What can be done with an experiment next, ready to paste. */
import type { ExperimentRow } from '../store/experiments.ts';
import { groupOf } from './experiment-text.ts';

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
