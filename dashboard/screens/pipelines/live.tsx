/** What is tried on a pipeline now, and which of its nodes each variant has otherwise. */
import { Link } from 'wouter';
import { showPercent } from '../../../src/base/format.ts';
import type { SpecArm } from '../../../src/model/experiment-spec.ts';
import { query, useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { Loaded } from '../../parts/states.tsx';
import type { Report } from '../experiment/types.ts';
import type { ExperimentView } from '../experiments/types.ts';

export function Live({ name }: { readonly name: string }) {
  const live = useApi<{ experiments: readonly ExperimentView[] }>(
    `/v1/experiments${query({ pipeline: name, live: 'true' })}`,
  );
  return (
    <Loaded query={live} what="experiments">
      {({ experiments }) =>
        experiments.length === 0 ? (
          <p className="muted">
            Nothing is tried on it now. See what an experiment takes:{' '}
            <code>sluice experiment plan &lt;experiment&gt;</code>
          </p>
        ) : (
          <ul className="plain-list">
            {experiments.map((experiment) => (
              <LiveOne key={experiment.experimentId} experiment={experiment} />
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

function LiveOne({ experiment }: { readonly experiment: ExperimentView }) {
  const { experimentId, state, arms, ramp, kind } = experiment;
  const report = useApi<Report>(`/v1/experiments/${encodeURIComponent(experimentId)}/report`);
  const edited =
    report.data?.asked.arms
      .slice(1)
      .map(editsText)
      .filter((text) => text !== undefined) ?? [];
  return (
    <li>
      <Link href={`/experiments/${experimentId}`}>{experimentId}</Link> <Badge word={state} />{' '}
      <span className="muted">
        {arms.map((arm) => `${arm.name} ${showPercent(arm.weight)}`).join(' · ')}
        {(kind === 'rollout' || state === 'rolling') && `, ${showPercent(ramp)} of the traffic`}
        {edited.length > 0 && <span className="live-edits">{edited.join('; ')}</span>}
      </span>
    </li>
  );
}

/** `listwise has another ranked (config)`; undefined where it changes nothing. */
function editsText({ name, edits }: SpecArm): string | undefined {
  const nodes = Map.groupBy(edits, ({ node }) => node);
  if (nodes.size === 0) return undefined;
  const words = [...nodes].map(([node, of]) => `${node} (${[...new Set(of.map(({ facet }) => facet))].join(', ')})`);
  return `${name} has another ${words.join(', ')}`;
}
