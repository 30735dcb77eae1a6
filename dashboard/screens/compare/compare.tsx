/** Compare: variants of evaluations against a baseline, read over the API. */
import { Fragment } from 'react';
import { Link, useSearchParams } from 'wouter';
import { DASH, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import type { TracedCall, TracedRun } from '../../../src/evaluation/report/traces.ts';
import { useApi } from '../../api.ts';
import { compareCommand, exampleCommands } from '../../commands.ts';
import { Copy } from '../../parts/copy.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { type ComparisonHost, ComparisonView } from './comparison.tsx';
import { Answers, type ExampleProps, Repeats } from './example-detail.tsx';
import { playgroundPath } from './side-ref.ts';
import { type CallPair, type ListPair, type PassagePair, pairCalls, pairLists } from './trace-pairs.ts';

const idsIn = (parameters: URLSearchParams): string => parameters.get('ids') ?? '';

/** The comparison at the address; whoever wants it newer loads the page, since it is large and takes long to make. */
const useComparison = (ids: string) =>
  useApi(
    'compare',
    { query: { ids } },
    {
      enabled: ids !== '',
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: false,
    },
  );

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

/** Runs of the example before are no answers to this one. */
const NO_FORMER = { placeholderData: undefined as never };

function useExample({ page, example }: ExampleProps) {
  const [parameters] = useSearchParams();
  return { ids: idsIn(parameters), example: page.ids[example]! };
}

function ReadAnswers(props: ExampleProps) {
  const query = useApi('getComparedOutputs', { query: useExample(props) }, NO_FORMER);
  return (
    <Loaded query={query} what="what was answered">
      {({ runs }) => <Answers {...props} runs={runs} />}
    </Loaded>
  );
}

function ReadTrace(props: ExampleProps) {
  const { side, labels, isDiffOnly } = props;
  const query = useApi('getComparedTraces', { query: { ...useExample(props), side: side } }, NO_FORMER);
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

// The passages of both sides by call: rank, score, and whether the answer cites them.

/** Two runs of one example, side by side. */
interface RunPairProps {
  readonly labels: readonly [first: string, second: string];
  readonly first: TracedRun | undefined;
  readonly second: TracedRun | undefined;
  readonly isDiffOnly: boolean;
}

function ExamplePassages({ labels, first, second, isDiffOnly }: RunPairProps) {
  const lists = pairLists(first, second);
  const shown = lists.filter(({ differing }) => !isDiffOnly || differing > 0);
  // What was found last is what the answer was made from, where it does not say so itself.
  const used = shown.findLast(({ isCited }) => isCited) ?? shown.at(-1);
  return (
    <>
      <h3>Passages</h3>
      {lists.length === 0 ? (
        <p className="muted">No call of these runs gave passages, or what they gave is no longer kept.</p>
      ) : (
        <p className="muted">{citedWords(labels, first, second)}</p>
      )}
      {isDiffOnly && lists.length > 0 && shown.length === 0 && <p>All lists are the same.</p>}
      {shown.map((list) => (
        <details key={list.name} open={list === used} className="passage-pairs">
          <summary>
            {list.name} <span className="muted">{differWords(list, labels)}</span>
          </summary>
          <ListTable list={list} labels={labels} isDiffOnly={isDiffOnly} />
        </details>
      ))}
    </>
  );
}

function differWords({ rows, differing, lacks }: ListPair, labels: RunPairProps['labels']): string {
  const count = `${showWhole(rows.length)} passages`;
  const alone = lacks[0] ? labels[1] : lacks[1] ? labels[0] : null;
  if (alone !== null) return `${count}, of ${alone} alone`;
  return `${count}, ${differing === 0 ? 'the same' : `${showWhole(differing)} differ`}`;
}

function citedWords(labels: RunPairProps['labels'], ...runs: readonly (TracedRun | undefined)[]): string {
  const words = runs.map((run, side) => {
    if (run === undefined) return `${labels[side]} has no run`;
    return `${labels[side]} ${run.cited === null ? 'has no citations' : `cites ${showWhole(run.cited.length)}`}`;
  });
  return `${words.join('; ')}. Scores compare passages of one list only.`;
}

interface TableProps {
  readonly list: ListPair;
  readonly labels: readonly [first: string, second: string];
  readonly isDiffOnly: boolean;
}

function ListTable({ list, labels, isDiffOnly }: TableProps) {
  const rows = list.rows.filter(({ differs }) => !isDiffOnly || differs);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-wrap" tabIndex={0} aria-label={`Passages of ${list.name}`}>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">passage</th>
            {labels.map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.passage.id} className={row.differs && !list.lacks.includes(true) ? 'differs' : undefined}>
              <td className="wrap">
                <PassageName row={row} />
              </td>
              <StandCell stand={row.first} mark={row.cited[0]} isLacking={list.lacks[0]} />
              <StandCell stand={row.second} mark={row.cited[1]} isLacking={list.lacks[1]} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function PassageName({ row: { passage } }: { readonly row: PassagePair }) {
  const { id, title, heading, text } = passage;
  const place = [...new Set([title, ...heading])].filter(Boolean).join(' › ');
  return (
    <details>
      <summary>
        {place || id} {place !== '' && <span className="muted">{id}</span>}
      </summary>
      <p className="said-words">{text}</p>
    </details>
  );
}

interface StandProps {
  readonly stand: PassagePair['first'];
  readonly mark: string | null;
  readonly isLacking: boolean;
}

const DECIMALS = 3;

function StandCell({ stand, mark, isLacking }: StandProps) {
  return (
    <td>
      {stand === null ? (
        <span className="muted">{isLacking ? 'no such list' : 'not found'}</span>
      ) : (
        <>
          {stand.place}. <span className="muted">{stand.score === null ? DASH : stand.score.toFixed(DECIMALS)}</span>
        </>
      )}{' '}
      {mark !== null && <span className="badge accent">cited {mark}</span>}
    </td>
  );
}

// The calls of both runs side by side: duration, tokens and cost, and the calls that both runs share.

function ExampleTrace({ labels, first, second, isDiffOnly }: RunPairProps) {
  const pairs = pairCalls(first, second);
  const shown = pairs.filter(({ isOne }) => !(isDiffOnly && isOne));
  const slowest = Math.max(
    1,
    ...[first, second].flatMap((run) => run?.calls.map(({ durationMs }) => durationMs) ?? []),
  );
  const leftOut = (first?.callsLeftOut ?? 0) + (second?.callsLeftOut ?? 0);
  return (
    <>
      <h3>Trace</h3>
      <p className="muted">
        What each call took, whoever made it: runs share calls that are alike. {oneWords(pairs, isDiffOnly)}
        {leftOut > 0 && ` ${showWhole(leftOut)} more calls are not shown.`}
      </p>
      {shown.length === 0 ? (
        <p>{pairs.length === 0 ? 'No calls are known of these runs.' : 'All calls are one for both.'}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="table-wrap" tabIndex={0} aria-label="Calls of both sides">
          <table className="rows trace-pairs">
            <thead>
              <tr>
                <th scope="col" rowSpan={2}>
                  call
                </th>
                {labels.map((label, side) => (
                  <th key={label} scope="colgroup" colSpan={4} className={side === 1 ? 'other' : undefined}>
                    {label}
                  </th>
                ))}
              </tr>
              <tr>
                {labels.map((label, side) => (
                  <Fragment key={label}>
                    <th scope="col" className={`num${side === 1 ? ' other' : ''}`}>
                      took
                    </th>
                    <th scope="col" className="num">
                      tokens
                    </th>
                    <th scope="col" className="num">
                      cost
                    </th>
                    <th scope="col">whose</th>
                  </Fragment>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((pair) => (
                <tr key={pair.name}>
                  <th scope="row">
                    {pair.name} <span className="muted">{(pair.first ?? pair.second)!.step}</span>{' '}
                    {pair.isOne && <span className="badge">one call for both</span>}
                  </th>
                  <CallCells call={pair.first} slowest={slowest} />
                  <CallCells call={pair.second} slowest={slowest} isOther />
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row">the run, had it made all calls itself</th>
                <RunCells run={first} />
                <RunCells run={second} isOther />
              </tr>
            </tfoot>
          </table>
        </section>
      )}
    </>
  );
}

function oneWords(pairs: readonly CallPair[], isDiffOnly: boolean): string {
  const ones = pairs.filter(({ isOne }) => isOne).length;
  if (ones === 0) return '';
  return `${showWhole(ones)} of ${showWhole(pairs.length)} were one call for both${isDiffOnly ? ', and are not listed' : ''}.`;
}

interface CellsProps {
  readonly call: TracedCall | null;
  readonly slowest: number;
  readonly isOther?: boolean;
}

function CallCells({ call, slowest, isOther = false }: CellsProps) {
  const edge = isOther ? ' other' : '';
  if (call === null)
    return (
      <td colSpan={4} className={`muted${edge}`}>
        not called
      </td>
    );
  const { durationMs, spent, attempts, outcome, failure } = call;
  return (
    <>
      <td className={`num took${edge}`}>
        {showDuration(durationMs)}
        <span className="took-bar" aria-hidden="true">
          <span style={{ width: `${((100 * durationMs) / slowest).toFixed(1)}%` }} />
        </span>
      </td>
      <td className="num" title={whyNone(call)}>
        {spent === null || spent.paidCalls === 0 ? DASH : showWhole(spent.inputTokens + spent.outputTokens)}
      </td>
      <td className="num" title={whyNone(call)}>
        {spent === null || spent.costUsd === null
          ? DASH
          : `${spent.unknownCalls > 0 ? '≥ ' : ''}${showMoney(spent.costUsd)}`}
      </td>
      <td className="whose">
        {SOURCES[call.source]}
        {attempts > 1 && `, attempt ${attempts}`}
        {outcome === 'failed' && (
          <span className="harm" title={failure ?? undefined}>
            , failed{failure !== null && `: ${failure.split(':')[0]}`}
          </span>
        )}
      </td>
    </>
  );
}

const SOURCES: { readonly [source in TracedCall['source']]: string } = {
  made: 'made',
  joined: 'shared',
  stored: 'from before',
};

function whyNone({ spent }: TracedCall): string | undefined {
  if (spent === null) return 'What it gave is no longer kept, so nobody knows';
  return spent.paidCalls === 0 ? 'It asked no provider' : undefined;
}

function RunCells({ run, isOther = false }: { readonly run: TracedRun | undefined; readonly isOther?: boolean }) {
  const { latencyMs = null, costUsd = null, inputTokens = null, outputTokens = null } = run?.run ?? {};
  return (
    <>
      <td className={`num${isOther ? ' other' : ''}`}>{showDuration(latencyMs)}</td>
      <td className="num">
        {inputTokens === null || outputTokens === null ? DASH : showWhole(inputTokens + outputTokens)}
      </td>
      <td className="num">{showMoney(costUsd)}</td>
      <td />
    </>
  );
}
