/** The examples: two pictures of them all, in which a box is a filter, and each as a row, the worst first. */
import { useCallback, useMemo, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import type { Frame } from '../../../../evaluation/report/page/charts/engine.ts';
import { scatterOption } from '../../../../evaluation/report/page/charts/scatter.ts';
import {
  countOutcomes,
  type Filter,
  filterExamples,
  NO_FILTER,
  OUTCOMES,
  type Outcome,
  type Sort,
  searchTexts,
} from '../../../../evaluation/report/page/examples/filter.ts';
import { MISSING, pairsOf } from '../../../../evaluation/report/page/examples/pairs.ts';
import type { Page } from '../../../../evaluation/report/page/read-data.ts';
import { whole } from '../../format.ts';
import { Rows } from '../../parts/rows.tsx';
import { Empty } from '../../parts/states.tsx';
import { BoxNumbers } from './box-numbers.tsx';
import { exampleColumns } from './example-columns.tsx';
import { ExampleDetail } from './example-detail.tsx';
import { type Drawn, FramedChart } from './framed-chart.tsx';
import { speedOption } from './speed.ts';

export interface Looked {
  readonly page: Page;
  readonly metric: number;
  readonly side: number;
}

interface ExamplesProps extends Looked {
  readonly ids: string;
  /** Place of the run's latency among the metrics; null where it is not one. */
  readonly latency: number | null;
  readonly onChoose: (change: Partial<Pick<Looked, 'metric' | 'side'>>) => void;
}

export function Examples({ page, metric, side, ids, latency, onChoose }: ExamplesProps) {
  const pairs = useMemo(() => pairsOf(page, metric, side), [page, metric, side]);
  const took = useMemo(() => (latency === null ? null : pairsOf(page, latency, side)), [page, latency, side]);
  const texts = useMemo(() => searchTexts(page), [page]);
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [speed, setSpeed] = useState<Drawn | null>(null);
  const change = (next: Partial<Filter>) => setFilter((now) => ({ ...now, ...next }));
  const shown = useMemo(() => {
    const passed = filterExamples(page, pairs, texts, filter);
    if (speed === null || took === null) return passed;
    const isIn = (value: number, [from, to]: readonly [number, number]) => value >= from && value <= to;
    return passed.filter((of) => isIn(took.second[of]!, speed.across) && isIn(pairs.second[of]!, speed.up));
  }, [page, pairs, texts, filter, speed, took]);
  const counts = useMemo(() => countOutcomes(pairs), [pairs]);
  const look = { page, metric, side };
  const [parameters] = useSearchParams();
  const [, go] = useLocation();
  const open = shown.findIndex((of) => page.ids[of] === parameters.get('example'));
  const addressOf = (of: number | undefined) =>
    `/compare?ids=${encodeURIComponent(ids)}${of === undefined ? '' : `&example=${encodeURIComponent(page.ids[of]!)}`}`;
  const isFiltered =
    filter.box !== null || speed !== null || filter.outcome !== 'all' || filter.text !== '' || filter.tag !== null;
  const sort = (next: Sort) => change({ sort: next, isReversed: filter.sort === next && !filter.isReversed });
  const otherwise = (next: Parameters<typeof onChoose>[0]) => {
    // Another metric or side has other values: a box that was drawn is no box of them.
    change({ box: null });
    setSpeed(null);
    onChoose(next);
  };
  return (
    <section aria-labelledby="examples-title">
      <div className="bar">
        <h2 id="examples-title">Examples</h2>
        <Choice
          label="Metric"
          options={page.metrics.map(({ name }) => name)}
          value={metric}
          onChoose={(place) => otherwise({ metric: place })}
        />
        {page.sides.length > 2 && (
          <Choice
            label="Against the baseline"
            options={page.sides.slice(1)}
            value={side - 1}
            onChoose={(place) => otherwise({ side: place + 1 })}
          />
        )}
      </div>
      <Pictures {...look} latency={latency} filter={filter} speed={speed} onFilter={change} onSpeed={setSpeed} />
      <div className="bar">
        <label>
          Outcome{' '}
          <select value={filter.outcome} onChange={({ target }) => change({ outcome: target.value as Outcome })}>
            {OUTCOMES.map((outcome) => (
              <option key={outcome} value={outcome}>
                {outcome} ({whole(counts[outcome])})
              </option>
            ))}
          </select>
        </label>
        {page.tags.length > 0 && (
          <label>
            Tag{' '}
            <select
              value={filter.tag ?? ''}
              onChange={({ target }) => change({ tag: target.value === '' ? null : Number(target.value) })}
            >
              <option value="">all</option>
              {page.tags.map((tag, place) => (
                <option key={tag} value={place}>
                  {tag}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          Words <input type="search" value={filter.text} onChange={({ target }) => change({ text: target.value })} />
        </label>
        <span role="status" className="muted">
          {whole(shown.length)} of {whole(page.ids.length)}
        </span>
        {isFiltered && (
          <button
            type="button"
            onClick={() => {
              setFilter({ ...NO_FILTER, sort: filter.sort, isReversed: filter.isReversed });
              setSpeed(null);
            }}
          >
            Show all
          </button>
        )}
      </div>
      {shown.length === 0 ? (
        <Empty title="No example is like that">Take the box or another condition away.</Empty>
      ) : (
        <Rows
          rows={shown}
          columns={exampleColumns(look, pairs, filter, sort)}
          keyOf={(of) => page.ids[of]!}
          to={addressOf}
          caption={`Examples by ${page.metrics[metric]!.name}`}
        />
      )}
      {open >= 0 && (
        <ExampleDetail
          {...look}
          ids={ids}
          shown={shown}
          place={open}
          onStep={(place) => go(addressOf(shown[place]), { replace: true })}
          onClose={() => go(addressOf(undefined), { replace: true })}
        />
      )}
    </section>
  );
}

interface PicturesProps extends Looked {
  readonly latency: number | null;
  readonly filter: Filter;
  readonly speed: Drawn | null;
  readonly onFilter: (change: Partial<Filter>) => void;
  readonly onSpeed: (box: Drawn | null) => void;
}

const HEIGHT = '21rem';

function Pictures({ page, metric, side, latency, filter, speed, onFilter, onSpeed }: PicturesProps) {
  const [base, variant] = [page.sides[0]!, page.sides[side]!];
  const measured = page.metrics[metric]!;
  const pairs = useMemo(() => pairsOf(page, metric, side), [page, metric, side]);
  const against = useCallback(
    (frame: Frame) => scatterOption({ metric: measured, labels: [base, variant], pairs, ids: page.ids }, frame),
    [measured, base, variant, pairs, page.ids],
  );
  const took = useMemo(() => (latency === null ? null : pairsOf(page, latency, side)), [page, latency, side]);
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

interface ChoiceProps {
  readonly label: string;
  readonly options: readonly string[];
  readonly value: number;
  readonly onChoose: (place: number) => void;
}

const Choice = ({ label, options, value, onChoose }: ChoiceProps) => (
  <label>
    {label}{' '}
    <select value={value} onChange={({ target }) => onChoose(Number(target.value))}>
      {options.map((option, place) => (
        <option key={option} value={place}>
          {option}
        </option>
      ))}
    </select>
  </label>
);
