/** One dataset: its versions, and examples of the newest, but for those that are kept for the end. */
import { useState } from 'react';
import { Link } from 'wouter';
import { DASH, shortId, showWhole } from '../../../src/base/format.ts';
import type { Example } from '../../../src/model/dataset.ts';
import type { DatasetVersion } from '../../../src/store/datasets.ts';
import { useApi } from '../../api.ts';
import { datasetCommands } from '../../commands.ts';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';

/** As many as the API gives at a time. */
const PAGE = 200;
const text = (value: unknown): string => (value === undefined ? DASH : JSON.stringify(value));

const EXAMPLES: readonly Column<Example>[] = [
  { id: 'id', heading: 'Example', cell: ({ id }) => id },
  { id: 'input', heading: 'Input', cell: ({ input }) => text(input) },
  { id: 'expected', heading: 'Expected', cell: ({ expected }) => text(expected) },
  { id: 'tags', heading: 'Tags', cell: ({ tags }) => tags?.join(', ') ?? DASH },
  {
    id: 'run',
    heading: 'From the run',
    cell: ({ run }) => (run === undefined ? DASH : <Link href={`/runs/${run}`}>{shortId(run)}</Link>),
  },
];

const VERSIONS: readonly Column<DatasetVersion>[] = [
  { id: 'no', heading: 'No.', cell: ({ sequence }) => sequence, isNumber: true },
  { id: 'version', heading: 'Version', cell: ({ version }) => <code>{version.slice(0, 12)}</code> },
  { id: 'examples', heading: 'Examples', cell: ({ examples }) => showWhole(examples), isNumber: true },
  { id: 'origin', heading: 'Made from', cell: ({ origin }) => origin },
  { id: 'at', heading: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} /> },
  { id: 'current', heading: 'Current', cell: ({ isCurrent }) => (isCurrent ? 'yes' : DASH) },
];

export default function Dataset({ parameters }: ScreenProps) {
  const name = parameters.name!;
  const [after, setAfter] = useState<string>();
  const dataset = useApi('getDataset', { params: { name }, query: { after } });
  return (
    <Page
      title={name}
      about="A dataset"
      command={datasetCommands(name)}
      actions={
        <Link className="button" href={`/leaderboard?dataset=${encodeURIComponent(name)}`}>
          Leaderboard
        </Link>
      }
    >
      <Loaded query={dataset} what="the dataset">
        {({ versions, examples }) => (
          <>
            <section className="card">
              <h2>Versions</h2>
              <Rows
                rows={versions}
                columns={VERSIONS}
                keyOf={({ version }) => version}
                caption="Versions, newest first"
              />
            </section>
            <section className="card">
              <h2>Examples</h2>
              {examples.length === 0 ? (
                <Empty title="No further example">All that are not kept for the end have been shown.</Empty>
              ) : (
                <Rows rows={examples} columns={EXAMPLES} keyOf={({ id }) => id} caption="Examples, by id" />
              )}
              <div className="bar">
                {after !== undefined && (
                  <button type="button" onClick={() => setAfter(undefined)}>
                    From the first
                  </button>
                )}
                {examples.length === PAGE && (
                  <button type="button" onClick={() => setAfter(examples.at(-1)!.id)}>
                    Next page
                  </button>
                )}
              </div>
            </section>
          </>
        )}
      </Loaded>
    </Page>
  );
}
