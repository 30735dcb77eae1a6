/** What the store has to know of an experiment to sum up outcomes. */
import type { ExperimentRow } from '../store/experiments.ts';
import type { OutcomeSettings } from '../store/outcomes.ts';

export function outcomeSettings({ spec, startedAt }: Pick<ExperimentRow, 'spec' | 'startedAt'>): OutcomeSettings {
  const { metrics, breaker } = spec;
  const isOfFailures = ({ kind, source }: (typeof metrics)[number]) =>
    kind === 'rate' && source.from === 'run' && source.field === 'failed';
  return { metrics, failed: metrics.findIndex(isOfFailures), breakerWindowMs: breaker.windowMs, startedAt };
}
