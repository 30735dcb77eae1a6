/** How the prompts of each node changed from deployment to deployment, word by word. */
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { isoUtc, showTimeToday } from '../../../src/base/format.ts';
import { wordDiff } from '../../../src/base/word-diff.ts';
import { requestPath } from '../../../src/contract/client.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { changesText, type PromptHistory, promptHistories } from '../../../src/plan/prompts.ts';
import { call } from '../../api.ts';
import type { Deployment, StoredPlan } from '../../api-types.ts';
import { Empty, Loading } from '../../parts/states.tsx';

/** Plans that are read: those of the newest deployments, of which the server gives so many. */
const MOST_PLANS = 20;
const MOST_DEPLOYMENTS = 100;

export function Prompts({
  deployments,
  served,
}: {
  readonly deployments: readonly Deployment[];
  readonly served: StoredPlan;
}) {
  const all = [...new Set(deployments.map(({ planId }) => planId))];
  const ids = all.slice(0, MOST_PLANS);
  const read = useQueries({
    queries: ids.map((planId) => ({
      queryKey: [requestPath('getPlan', { params: { id: planId } })],
      queryFn: () => call('getPlan', { params: { id: planId } }),
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  if (read.some(({ isPending }) => isPending)) return <Loading what="the plans of its deployments" />;
  const plans = new Map<string, Plan>(read.flatMap(({ data }) => (data ? [[data.planId, data.plan] as const] : [])));
  // What was never deployed has what is in code, and no history.
  const first: Deployment = { ...NEVER, planId: served.planId };
  const histories =
    deployments.length === 0
      ? promptHistories([first], new Map([[served.planId, served.plan]]))
      : promptHistories(deployments, plans);
  const missing = read.filter(({ isError }) => isError).length;
  const isWhole = missing === 0 && ids.length === all.length && deployments.length < MOST_DEPLOYMENTS;
  return (
    <>
      {missing > 0 && <p className="notice">{missing} of the plans could not be read: their prompts are left out.</p>}
      {histories.length === 0 ? (
        <Empty title="None of its steps has a prompt">Texts in the configs of steps are shown here.</Empty>
      ) : (
        histories.map((history) => <History key={`${history.node} ${history.path}`} {...{ history, isWhole }} />)
      )}
    </>
  );
}

const NEVER: Deployment = {
  ...{
    pipeline: '',
    deploymentNo: 0,
    planId: '',
    variant: null,
    wonBy: [],
    holdOut: 0,
    kind: 'deploy',
    by: '',
    why: '',
    at: 0,
  },
};

interface HistoryProps {
  readonly history: PromptHistory<Deployment>;
  /** Whether all of its deployments were looked through. */
  readonly isWhole: boolean;
}

function History({ history: { node, path, versions }, isWhole }: HistoryProps) {
  const [shown, setShown] = useState(0);
  const version = versions[shown]!;
  const before = versions[shown + 1];
  const id = `prompt-${node}-${path}`;
  return (
    <details className="prompt-history">
      <summary>
        <strong>{node}</strong> {path} <span className="muted">{changesText(versions.length - 1, isWhole)}</span>
      </summary>
      {versions.length > 1 && (
        <div className="bar">
          <label htmlFor={id}>As of</label>
          <select id={id} value={shown} onChange={(event) => setShown(Number(event.target.value))}>
            {versions.map(({ deployment }, index) => (
              <option key={deployment.deploymentNo} value={index} title={isoUtc(deployment.at)}>
                deployment {deployment.deploymentNo}, {showTimeToday(deployment.at)}, {deployment.by}
              </option>
            ))}
          </select>
          <span className="muted">
            {before === undefined
              ? isWhole
                ? 'the first'
                : 'the oldest of those that were read'
              : `against deployment ${before.deployment.deploymentNo}`}
          </span>
        </div>
      )}
      <Text now={version.text} before={before?.text ?? null} />
    </details>
  );
}

function Text({ now, before }: { readonly now: string | null; readonly before: string | null }) {
  if (now === null) return <p className="muted">The node has gone, or has no such text any more.</p>;
  if (before === null) return <pre>{now}</pre>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre className="diff" tabIndex={0}>
      {wordDiff(before, now).map(({ is, text }, place) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have their places alone
        if (is === 'gone') return <del key={place}>{text}</del>;
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        return is === 'come' ? <ins key={place}>{text}</ins> : <span key={place}>{text}</span>;
      })}
    </pre>
  );
}
