/** The body of the comparing thread: from what was read to the JSON of the answer. See answers.ts for why there is a thread. */
import { move } from 'piscina';
import { type ScoreMatrixData, scoreMatrixFrom } from '../compare/score-matrix.ts';
import type { ReportParts } from './load-report.ts';
import { answerOf } from './page-data.ts';

export interface AnswerTask extends Omit<ReportParts, 'loaded'> {
  readonly matrices: readonly ScoreMatrixData[];
  readonly loaded: Omit<ReportParts['loaded'], 'matrices'>;
}

export default async function answerTask({ matrices, loaded, ...parts }: AnswerTask): Promise<Uint8Array> {
  const answer = await answerOf({ ...parts, loaded: { ...loaded, matrices: matrices.map(scoreMatrixFrom) } });
  const json = new TextEncoder().encode(JSON.stringify(answer));
  return move(json) as unknown as Uint8Array;
}

/** By then this file has been loaded. */
export const warm = (): void => undefined;
