/**
 * How a pipeline is talked to: a function that makes its input of a conversation. A pipeline that declares one is a model
 * to clients of OpenAI's protocol. It is no part of the plan: what runs is the input that it made.
 */
import { answerText } from '../plan/answer-text.ts';
import type { Plan } from '../plan/plan.ts';
import { checkKeys, refuse, show } from './refuse.ts';
import type { NoExtra } from './wiring.ts';

export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  /** Text parts are joined by line breaks; a message without text has ''. */
  readonly content: string;
}

/** A conversation, and whom it is for. */
export interface ChatRequest {
  /** Oldest first, at least one. */
  readonly messages: readonly ChatMessage[];
  /** The unit of experiments; undefined where the caller has not said it. */
  readonly user: string | undefined;
}

/** A chat function without its types. */
export type Chat = (request: ChatRequest) => object;

export interface PipelineOptions<Input, Made extends Input> {
  /**
   * Makes the pipeline's input of a conversation, so that the pipeline is a model of the OpenAI-compatible endpoint. It does
   * no I/O and waits for nothing; what it throws is told as a fault of the server, so for what it cannot use it should
   * rather make an input that the schema refuses: that is told as a fault of the request.
   */
  readonly chat: (request: ChatRequest) => Made & NoExtra<'chat', Made, Input>;
}

/** @throws DefinitionError for keys that are none, and a chat that is no function */
export function chatOf(options: unknown, at: string): Chat | undefined {
  checkKeys(options, ['chat'], `${at}: options`);
  const { chat } = options as { readonly chat?: unknown };
  if (chat === undefined || typeof chat === 'function') return chat as Chat | undefined;
  return refuse('chat_invalid', `${at}: chat is ${show(chat)}`, 'write a function: ({ messages, user }) => input');
}

/** @throws DefinitionError where the answer has no text that could be said in a conversation */
export function checkAnswers(plan: Plan, at: string): void {
  if (answerText(plan) === undefined)
    refuse(
      'chat_without_text',
      `${at} declares chat, and its output has no text to answer with`,
      "wire a step's text to the output's field 'text', or to its one field that is a string; or remove chat",
    );
}
