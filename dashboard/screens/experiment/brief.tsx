/** One page for whoever approves: what was asked, what to do, what it rests on, and what an approval sets off. Printable. */
import { Link } from 'wouter';
import { showTime } from '../../../src/base/format.ts';
import {
  approvalHeading,
  effectText,
  exposureRatesText,
  exposureText,
  onApproval,
  ownRows,
  questionOf,
  ratioText,
  recommendationOf,
  standsText,
} from '../../../src/experiment/brief-words.ts';
import { useApi } from '../../api.ts';
import type { ExperimentStatus, Report } from '../../api-types.ts';
import { briefCommand } from '../../commands.ts';
import { Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { Actions } from './actions.tsx';
import { EffectBar, Guardrails } from './metrics.tsx';
import '../../style/compare.css';

export default function Brief({ session, parameters }: ScreenProps) {
  const id = parameters.id ?? '';
  const _path = `/v1/experiments/${encodeURIComponent(id)}`;
  const status = useApi('getExperiment', { params: { id } });
  const report = useApi('getExperimentReport', { params: { id } });
  return (
    <Page
      title={`Decision brief: ${id}`}
      command={briefCommand(id)}
      actions={
        <>
          <Link className="button" href={`/experiments/${id}`}>
            All numbers
          </Link>
          <button type="button" onClick={() => window.print()}>
            Print
          </button>
          {status.data && <Actions status={status.data} session={session} />}
        </>
      }
    >
      <Loaded query={status} what="the experiment">
        {(shown) => (
          <Loaded query={report} what="what was measured">
            {(read) => <Sheet status={shown} report={read} />}
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

function Sheet({ status, report }: { readonly status: ExperimentStatus; readonly report: Report }) {
  const { asked, table } = report;
  const { sentences, winner } = status;
  const own = ownRows(table, winner);
  const primary = own.filter(({ role }) => role === 'primary');
  const guardrails = own.filter(({ role }) => role === 'guardrail');
  return (
    <article className="card brief">
      <section>
        <h2>Question</h2>
        <p>{questionOf(status, asked)}</p>
      </section>
      <section>
        <h2>Recommendation</h2>
        <p className="verdict-first">{recommendationOf(status)}</p>
        <p>{sentences.join(' ')}</p>
      </section>
      {primary.length > 0 && (
        <section>
          <h2>Effect</h2>
          {primary.map((row) => (
            <div key={`${row.metric} ${row.variant}`} className="brief-effect">
              <span>
                <strong>{row.metric}</strong> of {row.variant}, {row.better} is better: {effectText(row)},{' '}
                {standsText(row)}
              </span>
              <EffectBar row={row} />
            </div>
          ))}
          <p className="muted">
            The grey line is the baseline. The interval holds at every look, so early ends are fair.
          </p>
        </section>
      )}
      {guardrails.length > 0 && (
        <section>
          <h2>Guardrails</h2>
          <Guardrails rows={guardrails} isShort />
        </section>
      )}
      {table.length === 0 && <p>Nothing has been looked at yet: there are no numbers to decide by.</p>}
      <section>
        <h2>Exposure and duration</h2>
        <p>{exposureText(status, report, Date.now())}</p>
        <p>{ratioText(report)}</p>
        <p>{exposureRatesText(report)}</p>
      </section>
      <section>
        <h2>{approvalHeading(status)}</h2>
        <ol>
          {onApproval(status, asked).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </section>
      <Who status={status} />
    </article>
  );
}

function Who({ status }: { readonly status: ExperimentStatus }) {
  const { experimentId, startedBy, startedAt, pipeline } = status;
  const audit = useApi('listAudit', { query: { subject: experimentId } });
  const [last] = audit.data?.audit ?? [];
  return (
    <section>
      <h2>Who, when</h2>
      <p>
        Started by {startedBy}, {showTime(startedAt, 'minutes')}.
        {last !== undefined && ` Last changed by ${last.who}, ${showTime(last.at, 'minutes')}: ${last.why}.`} This page
        is of {showTime(Date.now(), 'minutes')}.
      </p>
      <p>
        <Link href={`/experiments/${experimentId}`}>All numbers</Link> ·{' '}
        <Link href={`/pipelines/${pipeline}`}>What {pipeline} serves</Link> · recomputed from its ledger by{' '}
        <code>sluice experiment audit {experimentId}</code>
      </p>
    </section>
  );
}
