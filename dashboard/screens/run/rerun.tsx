/** Asks how a run is to be made again: under which variant, from which node on, for how much. */
import { type ReactNode, useState } from 'react';
import { DASH, shortJson, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { wordDiff } from '../../../src/base/word-diff.ts';
import type { RerunResult, RerunSide, RerunState } from '../../../src/model/rerun-spec.ts';
import { nodesOf } from '../../../src/plan/nodes.ts';
import type { Json, Plan } from '../../../src/plan/plan.ts';
import { call, useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Loaded } from '../../parts/states.tsx';
import type { RunTrace } from './spans.ts';

interface RerunProps {
  readonly run: RunTrace;
  readonly plan: Plan | undefined;
  /** The node from which on it is made again; empty: whatever differs. */
  readonly from: string;
  readonly onStarted: (rerunId: string) => void;
  readonly onClose: () => void;
}

const SAME = '';

export function Rerun({ run, plan, from: given, onStarted, onClose }: RerunProps) {
  const list = useApi('listPipelines', {});
  const prefix = `${run.pipeline}:`;
  const variants = (list.data?.pipelines ?? []).flatMap(({ name }) =>
    name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
  );
  const [variant, setVariant] = useState(SAME);
  const [from, setFrom] = useState(given);
  const [limit, setLimit] = useState('');
  const nodes = plan ? [...nodesOf(plan)].flatMap(({ id, kind }) => (kind === 'step' ? [id] : [])) : [];
  const start = async () => {
    const { rerunId } = await call('startBacktest', {
      params: { id: run.runId },
      body: {
        ...(variant !== SAME && { variant }),
        ...(from !== '' && { from }),
        ...(limit !== '' && { limitUsd: Number(limit) }),
      },
    });
    onStarted(rerunId);
  };
  return (
    <Dialog
      title="Re-run with a variant"
      action="Run it again"
      isDisabled={variant === SAME && from === ''}
      onAct={start}
      onClose={onClose}
    >
      <p className="muted">
        Calls that would be the same are taken from the record; only what differs is made and paid.
      </p>
      <div className="field">
        <label htmlFor="variant">Variant</label>
        <select id="variant" value={variant} onChange={(event) => setVariant(event.target.value)}>
          <option value={SAME}>{list.isPending ? 'reading …' : 'none: as the code has it'}</option>
          {variants.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        {list.error && <p className="harm">{list.error.message}</p>}
      </div>
      <div className="field">
        <label htmlFor="from">Called again, whether it differs or not</label>
        <select id="from" value={from} onChange={(event) => setFrom(event.target.value)}>
          <option value="">nothing but what differs</option>
          {nodes.map((id) => (
            <option key={id} value={id}>
              {id}, and all that hangs on it
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor="limit">End before it costs more than, in US dollars</label>
        <input
          id="limit"
          type="number"
          min="0.001"
          step="any"
          placeholder="no limit"
          value={limit}
          onChange={(event) => setLimit(event.target.value)}
        />
      </div>
    </Dialog>
  );
}

// A backtest of one run: progress, cost, and the difference of the answers.

interface Backtest {
  readonly rerunId: string;
  readonly variant: string;
  readonly from: string | null;
  readonly state: RerunState;
  readonly error: RerunResult['error'];
  readonly paidUsd: number | null;
  readonly temporalUrl: string;
  readonly result: Omit<RerunResult, 'runId'> | null;
}

const POLL_MS = 1_000;

interface OutcomeProps {
  readonly runId: string;
  readonly rerunId: string;
  readonly onClose: () => void;
}

export function RerunOutcome({ runId, rerunId, onClose }: OutcomeProps) {
  const found = useApi(
    'getBacktest',
    { params: { id: runId, rerun: rerunId } },
    {
      placeholderData: () => undefined,
      refetchInterval: ({ state }) => (state.data === undefined || state.data.state === 'running' ? POLL_MS : false),
    },
  );
  return (
    <section className="card" aria-labelledby="rerun-title">
      <div className="panel-head">
        <h2 id="rerun-title">Run again</h2>
        <button type="button" className="small" onClick={onClose}>
          Close
        </button>
      </div>
      <Loaded query={found} what="what came of it">
        {(backtest) => <Outcome backtest={backtest} />}
      </Loaded>
    </section>
  );
}

function Outcome({ backtest }: { readonly backtest: Backtest }) {
  const { rerunId, variant, from, state, error, paidUsd, temporalUrl, result } = backtest;
  const trouble = error ?? result?.error ?? null;
  return (
    <>
      <p role="status">
        <Badge word={state} /> {variant}
        {from !== null && `, from ${from} on`}
        {result && ` · ${showWhole(result.calls.reused)} calls reused, ${showWhole(result.calls.made)} made`}
        {paidUsd !== null && ` · ${showMoney(paidUsd)} paid`} ·{' '}
        <a href={temporalUrl} target="_blank" rel="noreferrer">
          Temporal UI
        </a>
      </p>
      {result === null && state === 'running' && (
        <p className="muted">
          <span className="spinner" aria-hidden="true" /> It is being made again …
        </p>
      )}
      {trouble !== null && (
        <p className={result?.state === 'skipped' ? 'muted' : 'harm'}>
          {trouble.code}: {trouble.message}
        </p>
      )}
      {result?.served && result.variant && (
        <Sides served={result.served} variant={result.variant} name={variant} isChanged={result.isChanged} />
      )}
      <p className="muted">
        In the terminal: <code>sluice backtest show {rerunId}</code>
      </p>
    </>
  );
}

interface SidesProps {
  readonly served: RerunSide;
  readonly variant: RerunSide;
  readonly name: string;
  readonly isChanged: boolean | null;
}

function Sides({ served, variant, name, isChanged }: SidesProps) {
  const tokens = ({ run: { inputTokens, outputTokens } }: RerunSide) =>
    inputTokens === null && outputTokens === null ? null : (inputTokens ?? 0) + (outputTokens ?? 0);
  const scorers = [...new Set([...Object.keys(served.cells), ...Object.keys(variant.cells)])];
  const rows: readonly (readonly [string, (side: RerunSide) => ReactNode])[] = [
    ['Outcome', ({ outcome }) => outcome],
    ['Took', ({ run }) => showDuration(run.latencyMs)],
    ['Cost', ({ run }) => showMoney(run.costUsd)],
    ['Tokens', (side) => showWhole(tokens(side))],
    ...scorers.map((scorer) => [scorer, (side: RerunSide) => scoreOf(side, scorer)] as const),
  ];
  return (
    <>
      <div className="table-wrap">
        <table className="rows">
          <caption className="visually-hidden">As it was served, and under the variant</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Measure</span>
              </th>
              <th scope="col" className="num">
                as served
              </th>
              <th scope="col" className="num">
                {name}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([label, of]) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td className="num">{of(served)}</td>
                <td className="num">{of(variant)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isChanged !== null && (
        <>
          <h3 className="apart">{isChanged ? 'What differs in the answer' : 'The answer is the same'}</h3>
          <Differences one={served.output} other={variant.output} />
        </>
      )}
    </>
  );
}

function scoreOf({ cells }: RerunSide, scorer: string): ReactNode {
  const cell = cells[scorer];
  if (cell === undefined) return DASH;
  if (cell.state !== 'done') return `${DASH} ${cell.state}`;
  return <span title={JSON.stringify(cell.score)}>{shortJson(cell.score)}</span>;
}

function Differences({ one, other }: { readonly one: RerunSide['output']; readonly other: RerunSide['output'] }) {
  const text = (output: RerunSide['output']) => (output === null ? '' : JSON.stringify(sorted(output), null, 2));
  return (
    <pre className="diff">
      {wordDiff(text(one), text(other)).map(({ is, text: piece }, place) => {
        const key = `${place} ${is}`;
        if (is === 'gone') return <del key={key}>{piece}</del>;
        return is === 'come' ? <ins key={key}>{piece}</ins> : <span key={key}>{piece}</span>;
      })}
    </pre>
  );
}

/** The order of keys says nothing, and is not to look like a difference. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
