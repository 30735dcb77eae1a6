/** What a change of an alert was decided from, in words. */
import type { AlertRow } from '../store/monitor-results.ts';

/** `mean 0.61 · lo 0.57`: facts by their names, as they were written down; empty where there is none. */
export const evidenceText = (evidence: AlertRow['evidence']): string =>
  Object.entries(evidence)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([fact, value]) => `${fact} ${typeof value === 'number' ? Number(value.toPrecision(3)) : value}`)
    .join(' · ');

/** Where nobody was told, why. */
export const toldText = ({ error }: Pick<AlertRow, 'error'>): string | null =>
  error === null ? null : `nobody: ${error.message}`;
