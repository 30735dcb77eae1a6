/**
 * The words for verdicts: the only place that writes sentences about them, so that the terminal, the dashboard and the
 * ledger's readers are told the same. Pure templates over data, the verdict first, then what it rests on; no p-value
 * stands alone.
 */
import { evaluationSentences, gateSentences, guardrailSentences, noiseSentences } from './explain-offline.ts';
import { experimentSentences, planSentences, stateSentences } from './explain-online.ts';
import type { ExplainedReport } from './reports.ts';

export { formatValue } from './words.ts';

/** The sentences for a report: the verdict first, then what it rests on. */
export function explain(report: ExplainedReport): readonly string[] {
  switch (report.kind) {
    case 'experiment':
      return Object.freeze(experimentSentences(report));
    case 'experiment-state':
      return Object.freeze(stateSentences(report));
    case 'evaluation':
      return Object.freeze(evaluationSentences(report));
    case 'evaluation-guardrail':
      return Object.freeze(guardrailSentences(report));
    case 'evaluation-gate':
      return Object.freeze(gateSentences(report));
    case 'noise':
      return Object.freeze(noiseSentences(report));
    case 'plan':
      return Object.freeze(planSentences(report));
  }
}
