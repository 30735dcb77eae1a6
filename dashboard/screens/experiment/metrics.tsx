/** What the newest look says of each metric: the effect with its interval, and of guardrails how far harm may still go. */

import { DASH, showWhole } from '../../../src/base/format.ts';
import { showValue } from '../../../src/evaluation/report/values.ts';
import { effectText, standsText, toneOf } from '../../../src/experiment/brief-words.ts';
import type { EffectRow } from '../../../src/experiment/report-table.ts';
import { formatDifference, formatRange } from '../../../src/stats/format-value.ts';
import { Interval, scaleOf } from '../../parts/interval.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';

const keyOf = ({ metric, variant }: EffectRow): string => `${metric} ${variant}`;

const COMMON = {
  metric: { id: 'metric', heading: 'Metric', cell: ({ metric }) => metric },
  variant: { id: 'variant', heading: 'Variant', cell: ({ variant }) => variant },
  units: {
    id: 'units',
    heading: 'Units',
    cell: ({ units }) => units.map((each) => showWhole(each)).join(' + '),
    isNumber: true,
  },
  stands: {
    id: 'stands',
    heading: 'Stands',
    cell: (row) => <span className={toneOf(row) === 'harm' ? 'harm' : undefined}>{standsText(row)}</span>,
  },
} satisfies { readonly [id: string]: Column<EffectRow> };

export function EffectBar({ row }: { readonly row: EffectRow }) {
  const { interval, effect, metric } = row;
  if (interval === null) return <span className="muted">no interval yet</span>;
  return (
    <Interval
      label={`${metric}: ${effectText(row)}; the grey line is the baseline`}
      lo={interval[0]}
      hi={interval[1]}
      at={effect}
      scale={scaleOf([...interval, 0])}
      base={0}
      tone={toneOf(row)}
    />
  );
}

export function Effects({ rows, caption }: { readonly rows: readonly EffectRow[]; readonly caption: string }) {
  const columns: readonly Column<EffectRow>[] = [
    COMMON.metric,
    ...(isOfSeveral(rows) ? [COMMON.variant] : []),
    { id: 'from', heading: 'Baseline', cell: ({ values, format }) => showValue(values[0], format), isNumber: true },
    { id: 'to', heading: 'Variant', cell: ({ values, format }) => showValue(values[1], format), isNumber: true },
    { id: 'bar', heading: 'Interval', cell: (row) => <EffectBar row={row} /> },
    { id: 'effect', heading: 'Effect', cell: effectText, isNumber: true },
    COMMON.units,
    COMMON.stands,
  ];
  return <Rows rows={rows} columns={columns} keyOf={keyOf} caption={caption} />;
}

/**
 * The guardrails. Effects are turned so that harm is on the right for every direction.
 *
 * @param isShort omits what the status already says
 */
export function Guardrails({
  rows,
  isShort = false,
  caption = 'Guardrails',
}: {
  readonly rows: readonly EffectRow[];
  readonly isShort?: boolean;
  readonly caption?: string;
}) {
  const columns: readonly Column<EffectRow>[] = [
    COMMON.metric,
    ...(isOfSeveral(rows) ? [COMMON.variant] : []),
    ...(isShort ? [] : [MARGIN]),
    { id: 'harm', heading: 'Harm, from least to most', cell: (row) => <HarmBar row={row} /> },
    { id: 'between', heading: 'Between', cell: harmText, isNumber: true },
    COMMON.stands,
  ];
  return <Rows rows={rows} columns={columns} keyOf={keyOf} caption={caption} />;
}

const isOfSeveral = (rows: readonly EffectRow[]): boolean => new Set(rows.map(({ variant }) => variant)).size > 1;

const MARGIN: Column<EffectRow> = {
  ...{ id: 'margin', heading: 'Tolerated', isNumber: true },
  cell: (row) => marginText(row),
};

const marginText = ({ margin, format }: EffectRow): string =>
  margin === null ? DASH : formatDifference(margin, format);

const harmText = ({ harm, format }: EffectRow): string =>
  harm === null || (harm.lo === null && harm.hi === null) ? DASH : formatRange(harm.lo, harm.hi, format);

function HarmBar({ row }: { readonly row: EffectRow }) {
  const { harm, margin, metric } = row;
  if (harm === null || (harm.lo === null && harm.hi === null)) return <span className="muted">no interval yet</span>;
  return (
    <Interval
      label={`${metric}: harm between ${harmText(row)}, ${marginText(row)} is tolerated: ${standsText(row)}`}
      lo={harm.lo}
      hi={harm.hi}
      scale={scaleOf([harm.lo, harm.hi, 0, margin])}
      base={0}
      limits={margin === null ? [] : [margin]}
      tone={toneOf(row)}
    />
  );
}
