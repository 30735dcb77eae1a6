/** A conversation as a question with its history: what makes the bots models for clients of OpenAI's protocol. */
import type { z } from 'zod';
import type { ChatRequest } from '../src/index.ts';
import { HISTORY_LENGTH, type Question, TURN_LENGTH, type Turn } from '../src/steps/index.ts';

/**
 * The last thing that the user said, and what was said before it: the latest turns, long ones cut, since a conversation
 * grows by itself and nobody can shorten it. The question is taken as it is. Instructions are the bots' own: those of the
 * conversation are left out.
 */
export function asQuestion({ messages }: ChatRequest): z.input<typeof Question> {
  const at = messages.findLastIndex(({ role }) => role === 'user');
  const history = messages
    .slice(0, Math.max(at, 0))
    .flatMap(({ role, content }): Turn[] => (role === 'user' || role === 'assistant' ? [{ role, content }] : []))
    .slice(-HISTORY_LENGTH)
    .map(({ role, content }) => ({ role, content: cut(content) }));
  return { question: messages[at]?.content ?? '', ...(history.length > 0 && { history }) };
}

/** Never between the halves of a surrogate pair. */
function cut(text: string): string {
  const kept = text.slice(0, TURN_LENGTH);
  return kept.isWellFormed() ? kept : kept.slice(0, -1);
}
