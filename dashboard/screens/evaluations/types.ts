/** Evaluations as the API gives them. */
import { shortId } from '../../../src/base/format.ts';
import type { ApiAnswer } from '../../../src/contract/api.ts';

export type ListedEvaluation = ApiAnswer<'listEvaluations'>['evaluations'][number];
export type ShownEvaluation = ApiAnswer<'getEvaluation'>;

export const isOpen = ({ state }: Pick<ListedEvaluation, 'state'>): boolean =>
  state === 'begun' || state === 'running' || state === 'paused';

export const standingOf = ({ mode, definition }: Pick<ListedEvaluation, 'mode' | 'definition'>): string =>
  mode === 'aa' ? 'A/A' : definition === null ? 'exploratory' : 'pre-registered';

/** `docs-questions@3fa2c1d4, dev`. */
export function datasetWords({ dataset: { name, version, split, tag } }: Pick<ListedEvaluation, 'dataset'>): string {
  const part = [split, tag === null ? null : `tag ${tag}`].filter((each) => each !== null);
  return [`${name}@${shortId(version)}`, ...part].join(', ');
}
