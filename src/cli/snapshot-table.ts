/** Snapshots of an index as a table, each by the beginning of its hash. */
import type { Snapshot } from '../store/indexes.ts';
import { tableLines } from './table.ts';
import { showTime } from './text.ts';

export const SHORT_HASH = 12;

export function snapshotTable(snapshots: readonly Snapshot[]): string[] {
  if (snapshots.length === 0) return [];
  return tableLines(snapshots, [
    { heading: 'snapshot', cell: ({ hash }) => hash.slice(0, SHORT_HASH) },
    { heading: 'documents', cell: ({ documents }) => documents, align: 'right' },
    { heading: 'passages', cell: ({ passages }) => passages, align: 'right' },
    { heading: 'embedded with', cell: ({ model }) => model },
    { heading: 'built', cell: ({ createdAt }) => showTime(createdAt) },
  ]);
}
