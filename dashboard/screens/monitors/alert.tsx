/** Whether a monitor alerts, as a word: red only where the whole interval is beyond what was declared. */
import { showValue } from '../../../src/evaluation/report/values.ts';
import type { MonitorView } from '../../api-types.ts';

export function Alert({ monitor: { alert, alertOn, state } }: { readonly monitor: MonitorView }) {
  if (alertOn === null) return <span className="muted">never alerts</span>;
  if (alert === null || (alert === 'unknown' && state !== 'running')) return <span className="muted">–</span>;
  if (alert === 'unknown') return <span className="badge">too few scores</span>;
  return <span className={alert === 'alerting' ? 'badge harm' : 'badge accent'}>{alert}</span>;
}

/** `below 70%`; undefined of fields that it does not watch. */
export function boundText({ alertOn, fields }: MonitorView, field: string): string | undefined {
  if (alertOn === null || alertOn.field !== field) return undefined;
  const format = fields[field]?.format ?? 'number';
  return alertOn.below === null
    ? `above ${showValue(alertOn.above, format)}`
    : `below ${showValue(alertOn.below, format)}`;
}
