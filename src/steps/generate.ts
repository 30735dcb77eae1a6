/**
 * Answers from passages: a served model writes and cites them by number, or their own sentences are quoted. What a model
 * writes is seen as it comes; citations of passages that do not exist never are.
 */

import { whileProgressing } from '../boundary/attempt-clock.ts';
import { StepFailure } from '../boundary/failure.ts';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import { answerByExcerpts } from '../extractive/answer-by-excerpts.ts';
import { citedText } from '../extractive/normal-form.ts';
import { citationOf } from '../extractive/terms.ts';
import type { ConfigOf, InputOf, OutputOf } from '../index.ts';
import type { ChatMessage, LanguageModel, Providers } from '../models/providers.ts';
import { asDocument, callOf, fitPassages, isLocal, recentTurns, replyLimits } from './model-input.ts';
import { generate } from './model-steps.ts';
import { fillPrompt, NO_ANSWER } from './prompts.ts';

type Input = InputOf<typeof generate>;
type Draft = OutputOf<typeof generate>;
type Context = StepContext<ConfigOf<typeof generate>>;

const UNANSWERED = 'The documents do not answer this.';

export function createGenerate(providers: Providers): Implemented {
  return implement(generate, (input, context) => {
    // Nothing to answer from: a model could only invent.
    if (input.passages.length === 0) return noAnswer([], []);
    return isLocal(context.config.model)
      ? byExcerpts(input, context)
      : byModel(providers.languageModel(context.config.model), input, context);
  });
}

function byExcerpts({ question, passages, feedback }: Input, { config, emit }: Context): Draft {
  const drafted = answerByExcerpts(question, passages, feedback, config);
  if (drafted.answered) emit(drafted.text);
  return { ...drafted, leftOut: [], unknownCitations: [] };
}

async function byModel(model: LanguageModel, input: Input, context: Context): Promise<Draft> {
  const { config, emit, heartbeat, signal } = context;
  const messages = messagesOf(input, config, model);
  const { shown, leftOut } = fitPassages(input.passages, roomFor(messages, config, model), model);
  if (shown.length === 0) throw noRoom(model, config);
  const documents = shown.map((passage, index) => asDocument(passage, index + 1));
  const growing = draftText(shown.length);
  const watch = { signal, limitMs: config.tokenTimeoutSeconds * 1_000, silent: () => noTokens(model, config) };
  const { text: written } = await whileProgressing(watch, (signal, progressed) => {
    const onText = (piece: string) => {
      progressed();
      heartbeat();
      emit(growing.push(piece));
    };
    const request = { messages, documents, onText, ...replyLimits(config) };
    return model.writeText(request, callOf({ ...context, signal }));
  });
  emit(growing.end());
  // From the whole reply, not from its pieces: what is recorded does not depend on how it was sent.
  const { text, draft } = readDraft(written, shown.length);
  const left = leftOut.map(({ id }) => id);
  if (draft.isNoAnswer()) return noAnswer(left, [...draft.unknown]);
  if (text === '') throw noText(model);
  const cited = [...draft.cited].sort((one, other) => one - other);
  return {
    text,
    citations: cited.map((n) => citationOf(shown[n - 1]!, n)),
    answered: true,
    leftOut: left,
    unknownCitations: [...draft.unknown].slice(0, 100),
  };
}

/** The newest question comes last, with what a check found. */
function messagesOf(input: Input, config: Context['config'], model: LanguageModel): readonly ChatMessage[] {
  const { question, feedback, history = [], language = 'und', intents = [] } = input;
  const hints = intents.flatMap((intent) => (Object.hasOwn(config.hints, intent) ? [`- ${config.hints[intent]}`] : []));
  const system = fillPrompt(config.prompt, {
    language: language === 'und' ? 'whichever it is' : language,
    maxWords: config.maxWords,
    noAnswer: NO_ANSWER,
    hints: hints.join('\n'),
  });
  const task = [`Question: ${question}`, ...(feedback === '' ? [] : [fillPrompt(config.revise, { feedback })])];
  return [
    { role: 'system', content: system.trim() },
    ...recentTurns(history, config.historyTokens, model),
    { role: 'user', content: task.join('\n\n') },
  ];
}

/** Tokens for passages: what the config gives them, and no more than the model has left. */
function roomFor(messages: readonly ChatMessage[], config: Context['config'], model: LanguageModel): number {
  if (model.contextTokens === null) return config.contextTokens;
  const said = messages.reduce((sum, { content }) => sum + model.countTokens(content).tokens, 0);
  return Math.min(config.contextTokens, model.contextTokens - config.maxOutputTokens - said);
}

const noAnswer = (leftOut: string[], unknownCitations: number[]): Draft => ({
  text: UNANSWERED,
  citations: [],
  answered: false,
  leftOut,
  unknownCitations,
});

function noRoom({ name }: LanguageModel, { contextTokens }: Context['config']): StepFailure {
  return new StepFailure('context_too_long', {
    message: `no passage fits into the context of ${name} next to the question and the conversation`,
    remedy: 'raise contextTokens, lower historyTokens, or cut smaller passages',
    retryable: false,
    data: { model: name, contextTokens },
  });
}

function noTokens({ name }: LanguageModel, { tokenTimeoutSeconds }: Context['config']): StepFailure {
  return new StepFailure('timeout', {
    message: `${name} sent no token for ${tokenTimeoutSeconds} s`,
    remedy: 'raise tokenTimeoutSeconds, or find out why the model stops',
    retryable: true,
    data: { model: name, tokenTimeoutSeconds },
  });
}

function noText({ name }: LanguageModel): StepFailure {
  return new StepFailure('output_malformed', {
    message: `${name} wrote nothing that can be shown`,
    remedy: 'it is tried again; if it stays so, change the prompt or the model',
    retryable: true,
    benign: true,
    data: { model: name },
  });
}

/**
 * A draft as its reader may see it while a model still writes it: citations of passages that there are, and nothing of
 * the mark by which a model says that the passages do not answer.
 */
export interface DraftText {
  /** The next piece; gives what may be shown by now. */
  push(piece: string): string;
  /** The last of the text. */
  end(): string;
  /** Whether it began with the mark: nothing of it is then shown. */
  isNoAnswer(): boolean;
  readonly cited: ReadonlySet<number>;
  readonly unknown: ReadonlySet<number>;
}

/** @param passages how many there are to cite */
function draftText(passages: number): DraftText {
  const text = citedText(passages);
  /** The beginning, while it may still become the mark. */
  let start: string | undefined = '';
  let isMarked = false;

  function beyondStart(piece: string): string {
    if (start === undefined) return isMarked ? '' : piece;
    start = (start + piece).trimStart();
    if (start.length < NO_ANSWER.length && NO_ANSWER.startsWith(start)) return '';
    isMarked = start.startsWith(NO_ANSWER);
    const begun = start;
    start = undefined;
    return isMarked ? '' : begun;
  }

  return {
    cited: text.cited,
    unknown: text.unknown,
    isNoAnswer: () => isMarked,
    push: (piece) => text.push(beyondStart(piece)),
    end: () => text.push(start ?? '') + text.end(),
  };
}

/** The same for a text that is there in whole. */
export function readDraft(whole: string, passages: number): { readonly text: string; readonly draft: DraftText } {
  const draft = draftText(passages);
  return { text: draft.push(whole) + draft.end(), draft };
}
