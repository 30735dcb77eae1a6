/** Pipelines: what each name serves, the variants that the code has of it, and what is tried on it. */

import { DASH, shortId } from '../../../src/base/format.ts';
import { useApi } from '../../api.ts';
import { baseOf, type ExperimentView, type PipelineView, variantOf } from '../../api-types.ts';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

interface Listed extends PipelineView {
  readonly variants: readonly string[];
  /** Null where they could not be read. */
  readonly live: readonly ExperimentView[] | null;
}

const COLUMNS: readonly Column<Listed>[] = [
  { id: 'name', heading: 'Pipeline', cell: ({ name }) => name },
  { id: 'serves', heading: 'Serves', cell: servesText },
  {
    id: 'plan',
    heading: 'Plan',
    cell: ({ deployment, planId }) => <code>{shortId(deployment?.planId ?? planId)}</code>,
  },
  { id: 'since', heading: 'Since', cell: ({ deployment }) => <Moment at={deployment?.at} /> },
  { id: 'variants', heading: 'Variants in code', cell: ({ variants }) => variants.join(', ') || DASH, wraps: true },
  {
    id: 'live',
    heading: 'Live experiments',
    cell: ({ live }) =>
      live === null ? DASH : live.map(({ experimentId, state }) => `${experimentId} (${state})`).join(', ') || 'none',
    wraps: true,
  },
];

function servesText({ deployment }: PipelineView): string {
  if (deployment === null) return 'the definition in code';
  return `deployment ${deployment.deploymentNo}${deployment.variant === null ? '' : `, variant ${deployment.variant}`}`;
}

export default function Pipelines() {
  const list = useApi('listPipelines', {});
  const live = useApi('listExperiments', { query: { live: 'true' } });
  return (
    <Page title="Pipelines" about="What each name serves, and what is tried on it" command="sluice pipelines">
      <Loaded query={list} what="pipelines">
        {({ pipelines }) => {
          const rows = listedIn(pipelines, live.data?.experiments ?? null);
          return rows.length === 0 ? (
            <Empty title="The project has no pipeline yet" command="sluice init">
              Define one (definePipeline), and export it in pipelines/index.ts. A new project has one to begin with:
            </Empty>
          ) : (
            <Rows
              rows={rows}
              columns={COLUMNS}
              keyOf={({ name }) => name}
              to={({ name }) => `/pipelines/${name}`}
              caption="Pipelines"
            />
          );
        }}
      </Loaded>
    </Page>
  );
}

function listedIn(pipelines: readonly PipelineView[], live: Listed['live']): readonly Listed[] {
  return pipelines
    .filter(({ name }) => variantOf(name) === undefined)
    .map((each) => ({
      ...each,
      variants: pipelines.flatMap(({ name }) => (baseOf(name) === each.name ? (variantOf(name) ?? []) : [])),
      live: live?.filter(({ pipeline }) => pipeline === each.name) ?? null,
    }));
}
