/** From those who met an arm to those of whom a value is known, arm by arm; and whether the arms got their shares. */

import { DASH, showPercent, showWhole } from '../../../src/base/format.ts';
import { arrivalStatusText, exposureRatesText, ratioText } from '../../../src/experiment/brief-words.ts';
import { doRatesDiffer } from '../../../src/stats/srm.ts';
import type { FunnelArm, Report } from '../../api-types.ts';
import { type Column, Rows } from '../../parts/rows.tsx';

export function Funnel({ report }: { readonly report: Report }) {
  const { funnel, asked, counts } = report;
  const most = Math.max(1, ...funnel.map(({ exposed }) => exposed));
  const of = (name: 'exposed' | 'matured' | 'recorded', heading: string): Column<FunnelArm> => ({
    id: name,
    heading,
    cell: (row) => <Part amount={row[name]} most={most} isBaseline={row === funnel[0]} />,
  });
  const columns: readonly Column<FunnelArm>[] = [
    { id: 'arm', heading: 'Arm', cell: ({ arm, isServed }) => (isServed ? arm : `${arm} (stopped)`) },
    { id: 'weight', heading: 'Planned', cell: ({ weight }) => showPercent(weight), isNumber: true },
    {
      id: 'assigned',
      heading: 'Assigned',
      cell: ({ assigned }) => (assigned === null ? DASH : showWhole(assigned)),
      isNumber: true,
    },
    of('exposed', 'Exposed'),
    of('matured', 'Matured'),
    of('recorded', 'With value'),
  ];
  return (
    <>
      <Rows rows={funnel} columns={columns} keyOf={({ arm }) => arm} caption="From assigned units to known values" />
      {report.arrivals.length > 0 && (
        <Rows
          rows={report.arrivals}
          columns={ARRIVAL_COLUMNS}
          keyOf={({ metric, arm }) => `${metric}/${arm}`}
          caption="Events of feedback and scores, by arm"
        />
      )}
      <p className="muted">
        One {asked.unitName} counts once. It is assigned with its first run, and exposed when a run comes to the first
        node that any arm edits, or ends in a way that may depend on the arm.
        {counts !== null && (
          <>
            {' '}
            {showWhole(counts.twoArms)} seen in two arms and left out, {showWhole(counts.overridden)} with an override;{' '}
            {showWhole(counts.late)} of {showWhole(counts.outcomes)} outcomes came late, {showWhole(counts.outside)}{' '}
            outside their window.
          </>
        )}
      </p>
    </>
  );
}

const ARRIVAL_COLUMNS: readonly Column<Report['arrivals'][number]>[] = [
  { id: 'metric', heading: 'Events of', cell: ({ metric }) => metric },
  { id: 'arm', heading: 'Arm', cell: ({ arm }) => arm },
  { id: 'matured', heading: 'Matured', cell: ({ matured }) => showWhole(matured), isNumber: true },
  { id: 'silent', heading: 'Without an event', cell: ({ silent }) => showWhole(silent), isNumber: true },
  { id: 'events', heading: 'In time', cell: ({ events }) => showWhole(events), isNumber: true },
  { id: 'late', heading: 'Late', cell: ({ late }) => showWhole(late), isNumber: true },
  {
    id: 'status',
    heading: 'Status',
    cell: (row) => {
      const text = arrivalStatusText(row);
      return text === '' ? 'fine' : <span className="harm">{text}</span>;
    },
  },
];

const WHOLE = 100;

function Part({
  amount,
  most,
  isBaseline,
}: {
  readonly amount: number;
  readonly most: number;
  readonly isBaseline: boolean;
}) {
  return (
    <div className="part">
      <span className="part-amount">{showWhole(amount)}</span>
      <span className="part-track">
        {amount > 0 && (
          <span
            className={isBaseline ? 'part-fill baseline' : 'part-fill'}
            style={{ width: `${(WHOLE * amount) / most}%` }}
          />
        )}
      </span>
    </div>
  );
}

export function SampleRatio({ report }: { readonly report: Report }) {
  const { ratio, exposure } = report;
  return (
    <>
      <p className={ratio.isOff ? 'harm' : undefined}>{ratioText(report)}</p>
      {exposure !== null && (
        <p className={doRatesDiffer(exposure.p) ? 'harm' : undefined}>{exposureRatesText(report)}</p>
      )}
      {ratio.rows.length > 0 && (
        <Rows
          rows={ratio.rows}
          columns={[
            { id: 'of', heading: 'Of units', cell: ({ of }) => of },
            {
              id: 'planned',
              heading: 'Planned',
              cell: ({ weights }) => weights.map((weight) => showPercent(weight)).join(' · '),
              isNumber: true,
            },
            { id: 'came', heading: 'Came', cell: ({ counts }) => sharesText(counts), isNumber: true },
            { id: 'p', heading: 'p, at any look', cell: ({ p }) => p.toPrecision(2), isNumber: true },
            {
              id: 'chi-square',
              heading: 'p, chi-square',
              cell: ({ chiSquareP }) => chiSquareP?.toPrecision(2) ?? DASH,
              isNumber: true,
            },
          ]}
          keyOf={({ of }) => of}
          caption={`Sample ratios of ${ratio.rows[0]!.arms.join(', ')}`}
        />
      )}
    </>
  );
}

function sharesText(counts: readonly number[]): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0 ? DASH : counts.map((count) => showPercent(count / total)).join(' · ');
}
