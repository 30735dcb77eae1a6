/** Datasets: the newest version of each. */

import { showWhole } from '../../../src/base/format.ts';
import type { DatasetVersion } from '../../../src/store/datasets.ts';
import { useApi } from '../../api.ts';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

const COLUMNS: readonly Column<DatasetVersion>[] = [
  { id: 'name', heading: 'Dataset', cell: ({ dataset }) => dataset },
  { id: 'examples', heading: 'Examples', cell: ({ examples }) => showWhole(examples), isNumber: true },
  { id: 'version', heading: 'Version', cell: ({ sequence, version }) => `${sequence} · ${version.slice(0, 12)}` },
  { id: 'origin', heading: 'Made from', cell: ({ origin }) => origin },
  { id: 'at', heading: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} /> },
];

export default function Datasets() {
  const list = useApi('listDatasets', {});
  return (
    <Page title="Datasets" about="What variants are evaluated on" command="sluice dataset list">
      <Loaded query={list} what="datasets">
        {({ datasets }) =>
          datasets.length === 0 ? (
            <Empty title="There is no dataset yet" command="sluice dataset import questions.jsonl --pipeline docs-bot">
              Import one, or open a run and add it to one:
            </Empty>
          ) : (
            <Rows
              rows={datasets}
              columns={COLUMNS}
              keyOf={({ dataset }) => dataset}
              to={({ dataset }) => `/datasets/${dataset}`}
              caption="Datasets"
            />
          )
        }
      </Loaded>
    </Page>
  );
}
