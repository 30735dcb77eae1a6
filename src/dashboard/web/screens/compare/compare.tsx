/** Compare: variants of evaluations against a baseline, in words first, then in pictures, then example by example. */
import { useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { openPage } from '../../../../evaluation/report/page/read-data.ts';
import { useApi } from '../../api.ts';
import { compareCommand } from '../../commands.ts';
import { whole } from '../../format.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import './compare.css';
import { Examples } from './examples.tsx';
import { Metrics } from './metrics.tsx';
import { Profile } from './profile.tsx';
import { Sides } from './sides.tsx';
import { Slices } from './slices.tsx';
import type { Comparison } from './types.ts';
import { Verdict, Warnings } from './verdict.tsx';

export default function Compare() {
  const [parameters] = useSearchParams();
  const ids = parameters.get('ids') ?? '';
  const query = useApi<Comparison>(`/v1/comparisons?ids=${encodeURIComponent(ids)}`, {
    enabled: ids !== '',
    // It is large, and made anew each time; whoever wants it newer loads the page.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  });
  return (
    <Page
      title="Compare"
      about={query.data && `${query.data.page.sides.slice(1).join(', ')} against ${query.data.page.sides[0]}`}
      command={compareCommand(ids)}
      actions={<Link href="/evaluations">Evaluations</Link>}
    >
      {ids === '' ? (
        <Empty title="Nothing is chosen to compare">
          Choose evaluations in <Link href="/evaluations">the list of them</Link>; the first one is the baseline.
        </Empty>
      ) : (
        <Loaded query={query} what="the comparison">
          {(comparison) => <Body key={ids} comparison={comparison} ids={ids} />}
        </Loaded>
      )}
    </Page>
  );
}

function Body({ comparison, ids }: { readonly comparison: Comparison; readonly ids: string }) {
  const { report, examples } = comparison;
  const page = useMemo(() => openPage(comparison.page), [comparison.page]);
  // The first metric, as primaries come first.
  const [{ metric, side }, setLook] = useState({ metric: 0, side: 1 });
  const [asked, setAsked] = useState<{ readonly tag: number | null } | null>(null);
  const latency = report.metrics.findIndex(
    ({ source, kind }) => source.from === 'run' && source.field === 'latencyMs' && kind === 'mean',
  );
  if (page.sides.length < 2)
    return (
      <Empty title="There is nothing to compare it with">
        The evaluation has one variant. Choose another evaluation beside it in <Link href="/evaluations">the list</Link>
        .
      </Empty>
    );
  return (
    <>
      <Warnings report={report} />
      <div className="grid pictures">
        <section className="card" aria-labelledby="answer-title">
          <h2 id="answer-title">What it came to</h2>
          <Verdict comparison={comparison} />
        </section>
        <Profile page={comparison.page} side={side} />
      </div>
      <Sides comparison={comparison} />
      {page.metrics.length === 0 ? (
        <Empty title="There are no metrics to compare by">Give the evaluation a scorer.</Empty>
      ) : (
        <>
          <Metrics comparison={comparison} />
          <Slices
            comparison={comparison}
            onLook={({ tag, ...look }) => {
              setLook(look);
              setAsked({ tag });
            }}
          />
          {page.ids.length < examples && (
            <p className="notice">
              {whole(page.ids.length)} of {whole(examples)} examples are here: those that differ most, and a sample of
              the rest. All count in what is said above.
            </p>
          )}
          <Examples
            {...{ page, metric, side, ids, asked }}
            compared={report.sides}
            latency={latency < 0 ? null : latency}
            onChoose={(change) => setLook((now) => ({ ...now, ...change }))}
          />
        </>
      )}
    </>
  );
}
