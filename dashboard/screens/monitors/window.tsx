/** What the scores of the last window come to: each field's interval, and the bound that it alerts beyond. */

import { showPercent, showSpan, showWhole } from '../../../src/base/format.ts';
import { showValue } from '../../../src/evaluation/report/values.ts';
import { Interval, scaleOf } from '../../parts/interval.tsx';
import { boundText } from './alert.tsx';
import type { MonitorStatus } from './types.ts';

export function Window({ monitor }: { readonly monitor: MonitorStatus }) {
  const { window, windowMs } = monitor;
  const fields = Object.keys(window.fields);
  return (
    <>
      <p>
        {showWhole(window.scored)} scores of runs that ended in the last {showSpan(windowMs)}
        {window.coverage !== null && `, ${showPercent(window.coverage)} of those sampled`}.
      </p>
      {fields.length === 0 && (
        <p className="muted">Nothing is scored in this window: it fills as runs of {monitor.pipeline} end.</p>
      )}
      {fields.map((field) => (
        <Field key={field} field={field} monitor={monitor} />
      ))}
      {fields.length > 0 && <p className="muted">Intervals of 99 %; what has no score is in neither end of them.</p>}
    </>
  );
}

function Field({ field, monitor }: { readonly field: string; readonly monitor: MonitorStatus }) {
  const { kind, n, mean, lo, hi } = monitor.window.fields[field]!;
  const { format, worst, best } = monitor.fields[field] ?? { format: 'number', worst: 0, best: null };
  const { alertOn } = monitor;
  const watched = alertOn?.field === field ? alertOn : null;
  const limit = watched === null ? null : (watched.below ?? watched.above);
  const isBeyond =
    watched !== null &&
    lo !== null &&
    hi !== null &&
    (watched.below === null ? lo > watched.above! : hi < watched.below);
  const between =
    lo === null || hi === null ? 'too few for an interval' : `${showValue(lo, format)} to ${showValue(hi, format)}`;
  const bound = boundText(monitor, field);
  const words = `${kind} ${showValue(mean, format)}, ${between}, of ${showWhole(n)}${bound === undefined ? '' : `; alerts ${bound}`}`;
  // A score with two ends is shown between them.
  const scale: readonly [number, number] =
    best === null ? scaleOf([lo, hi, mean, limit, worst]) : [Math.min(worst, best), Math.max(worst, best)];
  return (
    <div className="monitor-field">
      <div>
        <strong>{field}</strong> <span className={isBeyond ? 'harm' : 'muted'}>{words}</span>
      </div>
      <Interval
        label={`${field}: ${words}`}
        lo={lo}
        hi={hi}
        at={mean}
        scale={scale}
        limits={limit === null ? [] : [limit]}
        tone={isBeyond ? 'harm' : 'good'}
      />
      <div className="scale muted" aria-hidden="true">
        <span>{showValue(scale[0], format)}</span>
        <span>{showValue(scale[1], format)}</span>
      </div>
    </div>
  );
}
