/** Snapshots of an index as a table, each by the beginning of its hash. */

import { shortId, showTime } from '../base/format.ts';
import type { Snapshot } from '../store/indexes.ts';
import { tableLines } from './table.ts';

export function snapshotTable(snapshots: readonly Snapshot[]): string[] {
  if (snapshots.length === 0) return [];
  return tableLines(snapshots, [
    { heading: 'snapshot', cell: ({ hash }) => shortId(hash) },
    { heading: 'documents', cell: ({ documents }) => documents, align: 'right' },
    { heading: 'passages', cell: ({ passages }) => passages, align: 'right' },
    { heading: 'embedded with', cell: ({ model }) => model },
    { heading: 'built', cell: ({ createdAt }) => showTime(createdAt) },
  ]);
}
