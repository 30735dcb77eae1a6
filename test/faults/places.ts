/** Where in the bot it goes wrong: each step that asks a provider, and what helps it. */
import type { FaultWhen } from '../standin/stand-in.ts';
import { MODELS } from './hurried-bot.ts';

export interface Place {
  readonly id: string;
  /** Its node run. */
  readonly key: string;
  /** Those whose requests meet the fault. */
  readonly models: readonly string[];
  /** Whether its replies come as a stream. */
  readonly isStreamed: boolean;
  /** Attempts at one call, at most. */
  readonly attempts: number;
  /** What is done when they are used up: another step, a value, nothing. */
  readonly help: 'fallback' | 'orElse' | 'none';
}

export const PLACES: readonly Place[] = [
  { id: 'enhance', key: 'enhance', models: [MODELS.enhance], isStreamed: false, attempts: 3, help: 'fallback' },
  { id: 'vector', key: 'vector', models: [MODELS.vector], isStreamed: false, attempts: 5, help: 'orElse' },
  { id: 'rerank', key: 'ranked', models: [MODELS.ranked], isStreamed: false, attempts: 3, help: 'fallback' },
  { id: 'draft', key: 'draft[1]', models: [MODELS.draft], isStreamed: true, attempts: 3, help: 'fallback' },
  {
    id: 'draft+help',
    key: 'draft[1]',
    models: [MODELS.draft, MODELS.draftFallback],
    isStreamed: true,
    attempts: 3,
    help: 'none',
  },
  { id: 'check', key: 'check[1]', models: [MODELS.check], isStreamed: false, attempts: 3, help: 'fallback' },
];

export const providerOf = (model: string) => (model.startsWith('openai/') ? 'openai' : 'cohere');

/** The requests of one cell to one model: what is asked in the cell has its name in it. */
export function requestsOf(model: string, cell: string): Pick<FaultWhen, 'model' | 'contains'> {
  return { model: model.slice(model.indexOf('/') + 1), contains: cell };
}
