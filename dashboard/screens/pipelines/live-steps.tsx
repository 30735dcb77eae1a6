/** Which steps are live where: of each node what is deployed, tested and rolled out, with its share of the traffic. */
import { Link } from 'wouter';
import { DASH } from '../../../src/base/format.ts';
import { type LiveStep, liveWords, shareWords } from '../../../src/experiment/live-steps.ts';
import { useApi } from '../../api.ts';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

interface Answer {
  /** Null: nothing is deployed. */
  readonly deploymentNo: number | null;
  readonly steps: readonly LiveStep[];
}

const POLL_MS = 10_000;
const WHOLE = 100;

const columnsOf = (deploymentNo: number | null): readonly Column<LiveStep>[] => [
  { id: 'node', heading: 'Node', cell: ({ node, by }) => (by === 'deployment' ? node : <Again node={node} />) },
  { id: 'step', heading: 'Step', cell: ({ step }) => <code>{step}</code> },
  { id: 'share', heading: 'Share', cell: (step) => <Share step={step} /> },
  { id: 'by', heading: 'Served by', cell: (step) => <By step={step} deploymentNo={deploymentNo} /> },
  { id: 'differs', heading: 'Differs in', cell: ({ differs }) => differs.join(', ') || DASH },
  { id: 'fallback', heading: 'Else', cell: ({ fallback }) => (fallback === null ? DASH : <code>{fallback}</code>) },
];

export function LiveSteps({ name }: { readonly name: string }) {
  const live = useApi<Answer>(`/v1/pipelines/${encodeURIComponent(name)}/live`, { refetchInterval: POLL_MS });
  return (
    <Loaded query={live} what="what is live">
      {({ steps, deploymentNo }) =>
        steps.length === 0 ? (
          <Empty title="Its plan has no nodes">Give it a step, then deploy it.</Empty>
        ) : (
          <>
            <Rows
              rows={steps}
              columns={columnsOf(deploymentNo)}
              keyOf={({ node, by, experimentId, arm }) => `${node} ${by} ${experimentId} ${arm}`}
              caption="Steps that are live, by node"
            />
            <p className="muted">
              {steps.some(({ by }) => by !== 'deployment')
                ? 'Shares are of requests that say for whom they are, and whom the experiment is about; all others get what is deployed.'
                : 'Nothing is tried on it now: everybody gets what is deployed.'}
            </p>
          </>
        )
      }
    </Loaded>
  );
}

/** The node once more, as what else it is now. */
const Again = ({ node }: { readonly node: string }) => (
  <span className="muted">
    <span aria-hidden="true">↳ </span>
    {node}
  </span>
);

const Share = ({ step }: { readonly step: LiveStep }) => (
  <span className="live-share">
    <span className="part-track" aria-hidden="true">
      <span
        className={step.by === 'deployment' ? 'part-fill baseline' : 'part-fill'}
        style={{ width: `${WHOLE * step.share}%` }}
      />
    </span>
    <span className="num">{shareWords(step)}</span>
  </span>
);

function By({ step, deploymentNo }: { readonly step: LiveStep; readonly deploymentNo: number | null }) {
  const words = liveWords(step, deploymentNo);
  return step.experimentId === null ? words : <Link href={`/experiments/${step.experimentId}`}>{words}</Link>;
}
