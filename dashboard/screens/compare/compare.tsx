/** Compare: variants of evaluations against a baseline, read over the API. */
import { Link, useSearchParams } from 'wouter';
import type { ReportedRun } from '../../../src/evaluation/report/data.ts';
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';
import type { TracedRun } from '../../../src/evaluation/report/traces.ts';
import { useApi } from '../../api.ts';
import { compareCommand, exampleCommands } from '../../commands.ts';
import { Copy } from '../../parts/copy.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { type ComparisonHost, ComparisonView } from './comparison.tsx';
import { Answers, type ExampleProps, Repeats } from './example-detail.tsx';
import { ExamplePassages } from './example-passages.tsx';
import { ExampleTrace } from './example-trace.tsx';
import { playgroundPath } from './side-ref.ts';

const idsIn = (parameters: URLSearchParams): string => parameters.get('ids') ?? '';

/** The comparison at the address; whoever wants it newer loads the page, since it is large and takes long to make. */
const useComparison = (ids: string) =>
  useApi<Comparison>(`/v1/comparisons?ids=${encodeURIComponent(ids)}`, {
    enabled: ids !== '',
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  });

export default function Compare() {
  const [parameters] = useSearchParams();
  const ids = idsIn(parameters);
  const query = useComparison(ids);
  const host: ComparisonHost = { ids, Answers: ReadAnswers, Trace: ReadTrace, Foot };
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
          {(comparison) => <ComparisonView key={ids} comparison={comparison} host={host} />}
        </Loaded>
      )}
    </Page>
  );
}

/** Runs of an example; those of the example before are no answers to this one. */
function useRuns<Run>(part: 'outputs' | 'traces', { page, example }: ExampleProps, side?: number) {
  const [parameters] = useSearchParams();
  const search = new URLSearchParams({ ids: idsIn(parameters), example: page.ids[example]! });
  if (side !== undefined) search.set('side', String(side));
  return useApi<{ runs: readonly Run[] }>(`/v1/comparisons/${part}?${search}`, {
    placeholderData: undefined as never,
  });
}

function ReadAnswers(props: ExampleProps) {
  const query = useRuns<ReportedRun>('outputs', props);
  return (
    <Loaded query={query} what="what was answered">
      {({ runs }) => <Answers {...props} runs={runs} />}
    </Loaded>
  );
}

function ReadTrace(props: ExampleProps) {
  const { side, labels, isDiffOnly } = props;
  const query = useRuns<TracedRun>('traces', props, side);
  return (
    <Loaded query={query} what="how they came to it">
      {({ runs }) => (
        <Repeats runs={runs} side={side} labels={labels} none="Nothing is known of how they came to it.">
          {(named, first, second) => (
            <>
              <ExamplePassages {...{ labels: named, first, second, isDiffOnly }} />
              <ExampleTrace {...{ labels: named, first, second, isDiffOnly }} />
            </>
          )}
        </Repeats>
      )}
    </Loaded>
  );
}

function Foot({ page, side, example }: ExampleProps) {
  const [parameters] = useSearchParams();
  const { data } = useComparison(idsIn(parameters));
  const [first, second] = [0, side].map((of) => data?.report.sides[of]);
  if (first === undefined || second === undefined) return null;
  return (
    <footer className="example-foot muted">
      <Link href={playgroundPath(first, second)}>Ask both in the playground</Link>
      <ul>
        {exampleCommands([first.evaluationId, second.evaluationId], page.ids[example]!).map((line) => (
          <li key={line}>
            <code>{line}</code> <Copy text={() => line} what={`the command ${line}`} />
          </li>
        ))}
      </ul>
    </footer>
  );
}
