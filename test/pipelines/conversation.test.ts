import { describe, expect, test } from 'vitest';
import { asQuestion } from '../../pipelines/conversation.ts';
import type { ChatMessage } from '../../src/index.ts';
import { HISTORY_LENGTH, Question, TURN_LENGTH } from '../../src/model/step-schemas.ts';

const say = (role: ChatMessage['role'], content: string): ChatMessage => ({ role, content });
const asked = (...messages: ChatMessage[]) => asQuestion({ messages, user: undefined });

describe('a conversation as a question', () => {
  test('what the user said last is asked, what was said before is the history', () => {
    expect(
      asked(
        say('system', 'You are a pirate.'),
        say('user', 'What is a step?'),
        say('assistant', 'A contract.'),
        say('tool', '{}'),
        say('user', 'And a node?'),
      ),
    ).toEqual({
      question: 'And a node?',
      history: [say('user', 'What is a step?'), say('assistant', 'A contract.')],
    });
  });

  test('what stands after it is no part of it, and a first question has no history', () => {
    expect(asked(say('user', 'Why?'), say('assistant', 'Because'))).toEqual({ question: 'Why?' });
  });

  test('a conversation of any length fits, the latest turns of it', () => {
    const turns = Array.from({ length: 3 * HISTORY_LENGTH }, (_, at) =>
      say(at % 2 ? 'assistant' : 'user', `turn ${at}`),
    );
    const input = asked(...turns, say('user', 'now?'));
    expect(Question.parse(input)).toEqual(input);
    expect(input.history).toHaveLength(HISTORY_LENGTH);
    expect(input.history?.at(-1)).toEqual(turns.at(-1));
  });

  test('a long turn is cut, and no character in two', () => {
    const input = asked(say('user', `${'x'.repeat(TURN_LENGTH - 1)}😀`), say('user', 'now?'));
    expect(Question.parse(input)).toEqual(input);
    expect(input.history?.[0]?.content).toBe('x'.repeat(TURN_LENGTH - 1));
  });

  test.each([
    ['without a question', [say('system', 'Be kind.')]],
    ['with a blank one', [say('user', ' ')]],
    ['with one that is too long', [say('user', 'x'.repeat(TURN_LENGTH + 1))]],
  ])('one %s is refused by the schema', (_, messages) => {
    expect(Question.safeParse(asked(...messages)).success).toBe(false);
  });
});
