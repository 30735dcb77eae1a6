/** Two pictures of all examples, in which a box is a filter: the variant against the baseline, and both against their latency. */
import { useCallback } from 'react';
import { BoxNumbers } from './box-numbers.tsx';
import type { Frame } from './chart-frame.ts';
import type { Filter } from './example-filter.ts';
import { type Looked, MISSING, type Pairs } from './example-pairs.ts';
import { type Drawn, FramedChart } from './framed-chart.tsx';
import { scatterOption, speedOption } from './scatter-charts.ts';

interface PicturesProps extends Looked {
  readonly latency: number | null;
  /** Of the metric, and of the latency. */
  readonly pairs: Pairs;
  readonly took: Pairs | null;
  readonly filter: Filter;
  readonly speed: Drawn | null;
  readonly onFilter: (change: Partial<Filter>) => void;
  readonly onSpeed: (box: Drawn | null) => void;
}

const HEIGHT = '21rem';

export function Pictures(props: PicturesProps) {
  const { page, metric, side, latency, pairs, took, filter, speed, onFilter, onSpeed } = props;
  const [base, variant] = [page.sides[0]!, page.sides[side]!];
  const measured = page.metrics[metric]!;
  const against = useCallback(
    (frame: Frame) => scatterOption({ metric: measured, labels: [base, variant], pairs, ids: page.ids }, frame),
    [measured, base, variant, pairs, page.ids],
  );
  const slow = latency === null ? null : page.metrics[latency]!;
  const bySpeed = useCallback(
    (frame: Frame) =>
      speedOption({ latency: slow!, metric: measured, labels: [base, variant], took: took!, scored: pairs }, frame),
    [slow, measured, base, variant, took, pairs],
  );
  const { box } = filter;
  const hasPairs = pairs.outcome.some((outcome) => outcome < MISSING);
  const drawn = box === null ? null : { across: box.first, up: box.second };
  const take = (next: Drawn | null) =>
    onFilter({ box: next === null ? null : { first: next.across, second: next.up } });
  const corner =
    measured.better === 'higher' ? 'below the diagonal, at the lower right' : 'above the diagonal, at the upper left';
  return (
    <div className="grid pictures">
      <section className="card" aria-labelledby="against-title">
        <h3 id="against-title">
          {measured.name}: {variant} against {base}
        </h3>
        {hasPairs ? (
          <FramedChart
            label={`${measured.name} of each example, ${base} across and ${variant} up; the table below has the same values`}
            option={against}
            height={HEIGHT}
            onBox={take}
          />
        ) : (
          <p>No example has a value on both sides.</p>
        )}
        <p className="muted">Regressions are {corner}. Drag a box over points to see only these below.</p>
        <BoxNumbers
          across={{ name: base, metric: measured }}
          up={{ name: variant, metric: measured }}
          box={drawn}
          onBox={take}
        />
      </section>
      <section className="card" aria-labelledby="speed-title">
        <h3 id="speed-title">{measured.name} against latency</h3>
        {slow === null || took === null || latency === metric ? (
          <p className="muted">
            {slow === null ? 'No latency was measured.' : 'Choose another metric than the latency itself.'}
          </p>
        ) : (
          <>
            <FramedChart
              label={`${measured.name} of each example against how long it took, for ${base} and ${variant}`}
              option={bySpeed}
              height={HEIGHT}
              onBox={onSpeed}
            />
            <p className="muted">A box here takes the examples whose point of {variant} is in it.</p>
            <BoxNumbers
              across={{ name: slow.name, metric: slow }}
              up={{ name: measured.name, metric: measured }}
              box={speed}
              onBox={onSpeed}
            />
          </>
        )}
      </section>
    </div>
  );
}
