/** The examples: two pictures of them all, in which a box is a filter, and each as a row, the worst first. */
import { type FormEvent, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import type { PageMetric } from '../../../src/evaluation/report/page-data.ts';
import { showDifference, showValue } from '../../../src/evaluation/report/values.ts';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty } from '../../parts/states.tsx';
import type { Frame } from './chart-frame.ts';
import type { ComparisonHost } from './comparison.tsx';
import { ExampleDetail } from './example-detail.tsx';
import {
  countOutcomes,
  type Filter,
  filterExamples,
  NO_FILTER,
  OUTCOMES,
  type Outcome,
  type Sort,
  searchTexts,
} from './example-filter.ts';
import { type Looked, MISSING, outcomeWord, type Pairs, pairsOf, reasonWords } from './example-pairs.ts';
import { type Drawn, FramedChart } from './framed-chart.tsx';
import { scatterOption, speedOption } from './scatter-charts.ts';

/** Shows the examples of a metric and a side: all of them, or those with a tag, by its place. */
export type OnLook = (look: Pick<Looked, 'metric' | 'side'> & { readonly tag: number | null }) => void;

interface ExamplesProps extends Looked {
  readonly host: ComparisonHost;
  /** Place of the run's latency among the metrics; null where it is not one. */
  readonly latency: number | null;
  readonly onChoose: (change: Partial<Pick<Looked, 'metric' | 'side'>>) => void;
  /** A tag whose examples were asked for elsewhere: each time another object. */
  readonly asked: { readonly tag: number | null } | null;
}

export function Examples({ page, metric, side, host, latency, onChoose, asked }: ExamplesProps) {
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
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (asked === null) return;
    setFilter({ ...NO_FILTER, tag: asked.tag });
    setSpeed(null);
    section.current?.scrollIntoView();
  }, [asked]);
  const counts = useMemo(() => countOutcomes(pairs), [pairs]);
  const look = { page, metric, side };
  const [lastViewed, setLastViewed] = useState<{ readonly place: number } | null>(null);
  const [parameters] = useSearchParams();
  const [, go] = useLocation();
  const open = shown.findIndex((of) => page.ids[of] === parameters.get('example'));
  const addressOf = (of: number | undefined) => {
    const search = new URLSearchParams({ ...(host.ids !== null && { ids: host.ids }) });
    if (of !== undefined) search.set('example', page.ids[of]!);
    return `/compare?${search}`;
  };
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
    <section ref={section} id="examples" aria-labelledby="examples-title">
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
      <Pictures
        {...look}
        {...{ pairs, took, latency }}
        filter={filter}
        speed={speed}
        onFilter={change}
        onSpeed={setSpeed}
      />
      <div className="bar">
        <label>
          Outcome{' '}
          <select value={filter.outcome} onChange={({ target }) => change({ outcome: target.value as Outcome })}>
            {OUTCOMES.map((outcome) => (
              <option key={outcome} value={outcome}>
                {outcome} ({showWhole(counts[outcome])})
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
          {showWhole(shown.length)} of {showWhole(page.ids.length)}
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
          focusOn={lastViewed}
          caption={`Examples by ${page.metrics[metric]!.name}`}
        />
      )}
      {open >= 0 && (
        <ExampleDetail
          {...look}
          {...{ host, shown }}
          place={open}
          onStep={(place) => go(addressOf(shown[place]), { replace: true })}
          onClose={() => {
            go(addressOf(undefined), { replace: true });
            setLastViewed({ place: open });
          }}
        />
      )}
    </section>
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

// The columns of the table of examples.

function exampleColumns(
  { page, metric, side }: Looked,
  pairs: Pairs,
  filter: Filter,
  onSort: (sort: Sort) => void,
): readonly Column<number>[] {
  const { format } = page.metrics[metric]!;
  const headed = (id: Sort, name: string): Pick<Column<number>, 'id' | 'heading' | 'sort'> => ({
    id,
    heading: (
      <button type="button" className="heading" onClick={() => onSort(id)}>
        {name}
        {filter.sort === id && (filter.isReversed ? ' ↓' : ' ↑')}
      </button>
    ),
    ...(filter.sort === id && { sort: filter.isReversed ? ('descending' as const) : ('ascending' as const) }),
  });
  return [
    {
      ...headed('regression', 'Outcome'),
      cell: (of) => {
        const reasons = reasonWords(page, metric, side, of);
        return (
          <span title={reasons}>
            {outcomeWord(pairs.outcome[of]!)} {reasons && <span className="muted outcome-reasons">{reasons}</span>}
          </span>
        );
      },
    },
    { ...headed('baseline', page.sides[0]!), isNumber: true, cell: (of) => showValue(pairs.first[of]!, format) },
    { ...headed('variant', page.sides[side]!), isNumber: true, cell: (of) => showValue(pairs.second[of]!, format) },
    {
      ...headed('difference', 'Difference'),
      isNumber: true,
      cell: (of) => showDifference(pairs.difference[of]!, format),
    },
    {
      ...headed('example', 'Example'),
      cell: (of) => (
        <span title={page.ids[of]}>
          {page.questions[of] || page.ids[of]}{' '}
          <span className="muted">{page.tagsOf[of]!.map((tag) => page.tags[tag]).join(' · ')}</span>
        </span>
      ),
    },
  ];
}

// Two scatter charts of all examples: the variant against the baseline, and both against latency. A drawn box filters.

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

function Pictures(props: PicturesProps) {
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

// The bounds of the box as number fields, for use without a pointer.

interface BoxNumbersProps {
  readonly across: { readonly name: string; readonly metric: PageMetric };
  readonly up: { readonly name: string; readonly metric: PageMetric };
  readonly box: Drawn | null;
  readonly onBox: (box: Drawn | null) => void;
}

const ENDS = [
  ['across', 0, 'from'],
  ['across', 1, 'to'],
  ['up', 0, 'from'],
  ['up', 1, 'to'],
] as const;

function BoxNumbers({ across, up, box, onBox }: BoxNumbersProps) {
  const id = useId();
  const axes = { across, up };
  const factor = (axis: 'across' | 'up') => (axes[axis].metric.format === 'share' ? 100 : 1);
  const take = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const ends = ENDS.map(([axis, end]) => {
      const text = String(form.get(`${axis} ${end}`));
      if (text === '') return end === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      return Number(text) / factor(axis);
    });
    const isNone = ends.every((end) => !Number.isFinite(end));
    onBox(isNone ? null : { across: [ends[0]!, ends[1]!], up: [ends[2]!, ends[3]!] });
  };
  const shown = (axis: 'across' | 'up', end: 0 | 1): string => {
    const value = box?.[axis][end];
    return value === undefined || !Number.isFinite(value) ? '' : String(Number((value * factor(axis)).toPrecision(4)));
  };
  return (
    <details>
      <summary>Box by numbers</summary>
      <form key={JSON.stringify(box)} className="bar bare box-numbers" onSubmit={take}>
        {ENDS.map(([axis, end, word]) => (
          <label key={`${axis} ${end}`} htmlFor={`${id} ${axis} ${end}`}>
            {axes[axis].name} {word}{' '}
            <input
              id={`${id} ${axis} ${end}`}
              name={`${axis} ${end}`}
              type="number"
              step="any"
              defaultValue={shown(axis, end)}
            />
          </label>
        ))}
        <button type="submit">Show only these</button>
      </form>
    </details>
  );
}
