/** The examples: two pictures of them all, in which a box is a filter, and each as a row, the worst first. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import { Rows } from '../../parts/rows.tsx';
import { Empty } from '../../parts/states.tsx';
import type { ComparisonHost } from './comparison.tsx';
import { exampleColumns } from './example-columns.tsx';
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
import { type Looked, pairsOf } from './example-pairs.ts';
import type { Drawn } from './framed-chart.tsx';
import { Pictures } from './pictures.tsx';

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
