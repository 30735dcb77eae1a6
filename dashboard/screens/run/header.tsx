/** The first lines of a run: how it ended, what it took and cost, whom it was for, and where else it is shown. */
import { Link } from 'wouter';
import { DASH, shortId, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { askedFor } from '../../../src/model/run-fields.ts';
import { Badge } from '../../parts/badge.tsx';
import { Copy } from '../../parts/copy.tsx';
import { Moment } from '../../parts/moment.tsx';
import type { RunTrace } from './spans.ts';

export function RunHeader({ run }: { readonly run: RunTrace }) {
  const { runId, pipeline, planId, state, arms, unit, startedAt, endedAt, spent } = run;
  const { costUsd, unknownCalls, estimatedCalls, paidCalls, inputTokens, outputTokens } = spent;
  const ms = startedAt === null ? null : (endedAt ?? Date.now()) - startedAt;
  return (
    <section className="card run-head" aria-label="The run in short">
      <div className="figures">
        <Figure name="State" value={<Badge word={state} />} />
        <Figure name="Took" value={`${showDuration(ms)}${endedAt === null ? ' so far' : ''}`} />
        <Figure
          name="Cost"
          value={paidCalls === 0 ? DASH : `${unknownCalls > 0 && costUsd !== null ? '≥ ' : ''}${showMoney(costUsd)}`}
          more={paidCalls === 0 ? 'no paid call' : costWords(paidCalls, unknownCalls, estimatedCalls)}
        />
        <Figure
          name="Tokens"
          value={paidCalls === 0 ? DASH : showWhole(inputTokens + outputTokens)}
          {...(paidCalls > 0 && { more: `${showWhole(inputTokens)} in, ${showWhole(outputTokens)} out` })}
        />
        <Figure name="Began" value={<Moment at={startedAt} />} />
      </div>
      <p className="run-line">
        <span>
          Run <code>{runId}</code> <Copy text={() => runId} what="the id of the run" />
        </span>
        <span>
          Pipeline <Link href={`/runs?pipeline=${encodeURIComponent(pipeline)}`}>{askedFor(run)}</Link>
        </span>
        <span title={planId}>
          Plan <code>{shortId(planId)}</code>
        </span>
        <span>Unit {unit === null ? DASH : <code>{unit}</code>}</span>
        {Object.entries(arms).map(([experiment, arm]) => (
          <span key={experiment}>
            Arm <Link href={`/experiments/${experiment}`}>{experiment}</Link>: {arm}
          </span>
        ))}
      </p>
      {state === 'degraded' && (
        <p className="notice">It answered, but not in the way it was meant to: look for ↷ in the trace.</p>
      )}
    </section>
  );
}

function costWords(paid: number, unknown: number, estimated: number): string {
  return [
    `${showWhole(paid)} paid ${paid === 1 ? 'call' : 'calls'}`,
    ...(unknown > 0 ? [`${showWhole(unknown)} of unknown cost`] : []),
    ...(estimated > 0 ? [`${showWhole(estimated)} estimated`] : []),
  ].join(', ');
}

const Figure = ({ name, value, more }: { name: string; value: React.ReactNode; more?: string }) => (
  <div className="figure">
    <div className="muted">{name}</div>
    <div className="figure-value">{value}</div>
    {more && <div className="muted">{more}</div>}
  </div>
);
