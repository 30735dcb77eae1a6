/**
 * A dataset as text for other programs: JSONL and CSV, which read back as the same version, and the chat format that
 * models are fine-tuned with, made from the answers that were accepted as right.
 */
import { stringify } from 'csv-stringify/sync';
import { SluiceError } from '../base/errors.ts';
import type { Example, JsonObject } from '../model/dataset.ts';
import type { Json } from '../plan/plan.ts';

/** One line per example, each a JSON object, its keys in the order of the documentation. */
export function toJsonLines(examples: readonly Example[]): string {
  return examples
    .map(({ id, input, expected, relevant, cluster, tags, run }) =>
      JSON.stringify({ id, input, expected, relevant, cluster, tags, run }),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Fields of one part, and whether each is written as JSON: where it is not text in all examples that have it. */
type Fields = ReadonlyMap<string, boolean>;

/**
 * The columns that some example needs, in a fixed order; a field that is not always plain text is a `:json` column.
 *
 * @throws SluiceError `csv_unfit` for a tag or passage id that a cell could not be read back from
 */
export function toCsv(examples: readonly Example[]): string {
  for (const example of examples) checkReadable(example);
  const parts = { input: fieldsIn(examples, 'input'), expected: fieldsIn(examples, 'expected') };
  const has = (key: keyof Example) => examples.some((example) => example[key] !== undefined);
  const optional = (['relevant', 'tags', 'cluster', 'run'] as const).filter(has);
  const names = (part: 'input' | 'expected') =>
    [...parts[part]].map(([field, isJson]) => `${part}.${field}${isJson ? ':json' : ''}`);
  const header = ['id', ...names('input'), ...names('expected'), ...optional];
  const cells = (example: Example, part: 'input' | 'expected') =>
    [...parts[part]].map(([field, isJson]) => cellOf(example[part]?.[field], isJson));
  return stringify([
    header,
    ...examples.map((example) => [
      example.id,
      ...cells(example, 'input'),
      ...cells(example, 'expected'),
      ...optional.map((key) => plainCell(example, key)),
    ]),
  ]);
}

function fieldsIn(examples: readonly Example[], part: 'input' | 'expected'): Fields {
  const fields = new Map<string, boolean>();
  for (const example of examples)
    for (const [field, value] of Object.entries(example[part] ?? {})) {
      // An empty cell is a field that is not there.
      const isPlain = typeof value === 'string' && value !== '' && !field.endsWith(':json');
      fields.set(field, (fields.get(field) ?? false) || !isPlain);
    }
  return fields;
}

function cellOf(value: Json | undefined, isJson: boolean): string {
  if (value === undefined) return '';
  return isJson ? JSON.stringify(value) : String(value);
}

function plainCell(example: Example, key: 'relevant' | 'tags' | 'cluster' | 'run'): string {
  switch (key) {
    case 'relevant':
      return Object.entries(example.relevant ?? {})
        .map(([passageId, grade]) => `${passageId}:${grade}`)
        .join(';');
    case 'tags':
      return (example.tags ?? []).join(';');
    case 'cluster':
    case 'run':
      return example[key] ?? '';
  }
}

function checkReadable({ id, tags, relevant, expected }: Example): void {
  const names = [...(tags ?? []), ...Object.keys(relevant ?? {})];
  const wrong = names.find((name) => name.includes(';') || name !== name.trim());
  const isEmpty = [tags, relevant, expected].some((part) => part !== undefined && Object.keys(part).length === 0);
  if (wrong === undefined && !isEmpty) return;
  throw new SluiceError('csv_unfit', {
    message:
      wrong === undefined
        ? `example '${id}' has an empty list or object, which a CSV cell cannot tell from none`
        : `example '${id}': '${wrong}' has a semicolon or outer spaces, which a CSV cell cannot keep`,
    remedy: 'export it as JSONL: --format jsonl',
    data: { id },
  });
}

export interface ChatExport {
  readonly text: string;
  readonly examples: number;
  /** Examples without an accepted answer, or whose input has no question. */
  readonly skipped: number;
}

export interface Message {
  readonly role: string;
  readonly content: string;
}

/** `{"messages": [system?, …history, user, assistant]}` per line: what OpenAI and compatible servers fine-tune on. */
export function toChat(examples: readonly Example[], system?: string): ChatExport {
  const chats = examples.flatMap((example) => {
    const asked = questionOf(example.input);
    const answer = answerOf(example.expected);
    if (asked === undefined || answer === undefined) return [];
    return [chatLine(asked, answer, system)];
  });
  return { text: chats.join(''), examples: chats.length, skipped: examples.length - chats.length };
}

export function chatLine(asked: readonly Message[], answer: string, system?: string): string {
  const messages = [...withSystem(asked, system), { role: 'assistant', content: answer }];
  return `${JSON.stringify({ messages })}\n`;
}

export const withSystem = (asked: readonly Message[], system: string | undefined): readonly Message[] =>
  system === undefined ? asked : [{ role: 'system', content: system }, ...asked];

/** The accepted answer: `expected.answer`, or `expected.text` where a run's output was accepted. */
function answerOf(expected: JsonObject | undefined): string | undefined {
  return [expected?.answer, expected?.text].find(
    (answer): answer is string => typeof answer === 'string' && answer.trim() !== '',
  );
}

/** What was asked, after what was said before: `question`, or else the only text of the input. */
export function questionOf({ question, history, ...others }: JsonObject): readonly Message[] | undefined {
  const texts = [question, ...Object.values(others)].filter((value) => typeof value === 'string');
  const asked = typeof question === 'string' ? question : texts.length === 1 ? texts[0] : undefined;
  if (asked === undefined) return undefined;
  const before = Array.isArray(history) ? history.filter(isMessage) : [];
  return [...before.map(({ role, content }) => ({ role, content })), { role: 'user', content: asked }];
}

function isMessage(turn: Json): turn is Message & JsonObject {
  if (turn === null || typeof turn !== 'object' || Array.isArray(turn)) return false;
  const { role, content } = turn as JsonObject;
  return (role === 'user' || role === 'assistant') && typeof content === 'string';
}
