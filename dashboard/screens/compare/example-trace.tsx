/** The calls of both runs, each beside the other's: what they took and cost, and which were one call for both. */
import { Fragment } from 'react';
import { DASH, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import type { TracedCall, TracedRun } from '../../../src/evaluation/report/traces.ts';
import { type CallPair, pairCalls } from './trace-pairs.ts';

interface TraceProps {
  readonly labels: readonly [first: string, second: string];
  readonly first: TracedRun | undefined;
  readonly second: TracedRun | undefined;
  readonly isDiffOnly: boolean;
}

export function ExampleTrace({ labels, first, second, isDiffOnly }: TraceProps) {
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
