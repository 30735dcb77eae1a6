/**
 * A dataset as text for other programs: JSONL and CSV, which read back as the same version, and the chat format that
 * models are fine-tuned with, made from the answers that were accepted as right.
 */
import { stringify } from 'csv-stringify/sync';
import { SluiceError } from '../base/errors.ts';
import { type Example, type JsonObject, type Split, splitOf } from '../model/dataset.ts';
import type { ResultRow } from '../model/evaluation-result.ts';
import type { EvaluationSpec, MetricSpec } from '../model/evaluation-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { metricValue } from './compare/score-matrix.ts';

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
  /** Examples without an accepted answer or without a question in their input. */
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

function chatLine(asked: readonly Message[], answer: string, system?: string): string {
  const messages = [...withSystem(asked, system), { role: 'assistant', content: answer }];
  return `${JSON.stringify({ messages })}\n`;
}

const withSystem = (asked: readonly Message[], system: string | undefined): readonly Message[] =>
  system === undefined ? asked : [{ role: 'system', content: system }, ...asked];

/** The accepted answer: `expected.answer`, or `expected.text` where a run's output was accepted. */
function answerOf(expected: JsonObject | undefined): string | undefined {
  return [expected?.answer, expected?.text].find(
    (answer): answer is string => typeof answer === 'string' && answer.trim() !== '',
  );
}

/** The conversation: the history, then `question`, or else the only text of the input. */
function questionOf({ question, history, ...others }: JsonObject): readonly Message[] | undefined {
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

// Tuning data from an evaluation: preference pairs, and answers that scored well. Only examples of the dev split: a
// model trained on the final split cannot be measured by it.

/** Preferred by a pair scorer when both orders agree, or by a metric difference of at least `minDifference`. */
export type PreferredBy =
  | { readonly scorer: string }
  | { readonly metric: MetricSpec /** In the metric's unit. */; readonly minDifference: number };

/** Why something was left out. */
export type LeftOut = 'final' | 'undecided' | 'no_text' | 'no_question' | 'alike' | 'enough';

export interface Tuning {
  readonly text: string;
  readonly lines: number;
  readonly leftOut: { readonly [why in LeftOut]?: number };
}

export interface TuningInput {
  readonly spec: EvaluationSpec;
  /** By example, variant and repeat. */
  readonly rows: AsyncIterable<ResultRow>;
  readonly examples: ReadonlyMap<string, Example>;
  /** The system prompt that each begins with. */
  readonly system: string | undefined;
}

/**
 * One JSON line per pair: `{"input": {"messages": […]}, "preferred_output": […], "non_preferred_output": […]}`, the
 * format of OpenAI's preference fine-tuning. Each pair is the baseline's answer and one variant's.
 */
export async function preferencePairs({ spec, rows, examples, system }: TuningInput, by: PreferredBy): Promise<Tuning> {
  const tally = createTally();
  const baselines = new Map<number, ResultRow>();
  let exampleId = '';
  for await (const row of rows) {
    if (row.exampleId !== exampleId) baselines.clear();
    exampleId = row.exampleId;
    if (row.variant === 0) baselines.set(row.repeat, row);
    const baseline = baselines.get(row.repeat);
    const asked = askedOf(examples.get(exampleId));
    if (row.variant === 0 || baseline === undefined) continue;
    if (typeof asked === 'string') tally.leave(asked);
    else tally.put(pairLine(preferenceOf(spec, by, baseline, row), withSystem(asked, system)));
  }
  return tally.end();
}

/** The messages of the question, or why the example is left out. */
function askedOf(example: Example | undefined): readonly Message[] | LeftOut {
  if (example === undefined || isFinal(splitOf(example))) return 'final';
  return questionOf(example.input) ?? 'no_question';
}

const isFinal = (split: Split): boolean => split === 'final';

interface Preference {
  readonly preferred: ResultRow;
  readonly other: ResultRow;
}

/** Null: neither is preferred, or it is not known. */
function preferenceOf(
  spec: EvaluationSpec,
  by: PreferredBy,
  baseline: ResultRow,
  variant: ResultRow,
): Preference | null {
  const gain = 'scorer' in by ? winOf(by.scorer, variant) : gainOf(spec, by, baseline, variant);
  if (gain === 0) return null;
  return gain > 0 ? { preferred: variant, other: baseline } : { preferred: baseline, other: variant };
}

/** 1 or -1 where both orders agreed, else 0. */
function winOf(scorer: string, { cells }: ResultRow): number {
  const cell = cells[scorer];
  if (cell?.state !== 'done' || cell.score.flipped !== 0) return 0;
  return Math.sign((cell.score.win ?? 0.5) - 0.5);
}

/** By how much the variant is better, where that is enough; else 0. */
function gainOf(
  spec: EvaluationSpec,
  { metric, minDifference }: Extract<PreferredBy, { metric: MetricSpec }>,
  baseline: ResultRow,
  variant: ResultRow,
): number {
  const [first, second] = [baseline, variant].map((row) => metricValue(metric, spec, row));
  if (!('value' in first!) || !('value' in second!)) return 0;
  const difference = metric.better === 'higher' ? second.value - first.value : first.value - second.value;
  return Math.abs(difference) >= minDifference ? difference : 0;
}

function pairLine(preference: Preference | null, messages: readonly Message[]): string | LeftOut {
  if (preference === null) return 'undecided';
  const [preferred, other] = [textOf(preference.preferred), textOf(preference.other)];
  if (preferred === undefined || other === undefined) return 'no_text';
  return preferred === other ? 'alike' : preferenceLine(messages, preferred, other);
}

/** One pair of answers to the same. */
function preferenceLine(messages: readonly Message[], preferred: string, other: string): string {
  const output = (content: string) => [{ role: 'assistant', content }];
  return `${JSON.stringify({
    input: { messages },
    preferred_output: output(preferred),
    non_preferred_output: output(other),
  })}\n`;
}

/**
 * `{"messages": […]}` per line: the answers of one variant that are as good on a metric as asked.
 *
 * @param accepted `atLeast` in the metric's unit; of a metric of which lower is better, at most
 */
export async function acceptedChats(
  { spec, rows, examples, system }: TuningInput,
  accepted: { readonly variant: number; readonly metric: MetricSpec; readonly atLeast: number },
): Promise<Tuning> {
  const { variant, metric, atLeast } = accepted;
  const tally = createTally();
  for await (const row of rows) {
    if (row.variant !== variant) continue;
    const asked = askedOf(examples.get(row.exampleId));
    const found = metricValue(metric, spec, row);
    const isGood = 'value' in found && (metric.better === 'higher' ? found.value >= atLeast : found.value <= atLeast);
    const text = textOf(row);
    if (typeof asked === 'string') tally.leave(asked);
    else if (!isGood) tally.leave('undecided');
    else tally.put(text === undefined ? 'no_text' : chatLine(asked, text, system));
  }
  return tally.end();
}

/** What a run answered: `text` or `answer` of its output, or the output itself. */
function textOf({ output }: Pick<ResultRow, 'output'>): string | undefined {
  const { text, answer } = (output !== null && typeof output === 'object' ? output : {}) as {
    readonly text?: unknown;
    readonly answer?: unknown;
  };
  return [text, answer, output].find((value): value is string => typeof value === 'string' && value.trim() !== '');
}

/** Collects each line once: equal answers of repeats add nothing. */
function createTally() {
  const lines = new Set<string>();
  const leftOut: { [why in LeftOut]?: number } = {};
  const leave = (why: LeftOut) => {
    leftOut[why] = (leftOut[why] ?? 0) + 1;
  };
  return {
    leave,
    put(line: string | LeftOut) {
      if (!line.endsWith('\n')) leave(line as LeftOut);
      else if (lines.has(line)) leave('alike');
      else lines.add(line);
    },
    end: (): Tuning => ({ text: [...lines].join(''), lines: lines.size, leftOut }),
  };
}

/**
 * Preference pairs from feedback: of answers to the same input, a liked one and a disliked one. Inputs of the final
 * split are left out, since a model trained on them cannot be measured by them.
 */
export interface RatedAnswer {
  readonly input: Json;
  readonly output: Json;
  readonly up: number;
  readonly down: number;
}

export interface FeedbackTuning {
  readonly rated: readonly RatedAnswer[];
  /** Canonical JSON of inputs that may not be trained on. */
  readonly final: ReadonlySet<string>;
  /** The system prompt that each begins with. */
  readonly system: string | undefined;
}

/** Of one question: more would make the model know little but it. */
const MOST_PAIRS = 10;

/** As `preferencePairs` writes them. The same answer, given in several runs, has the thumbs of all of them. */
export function feedbackPairs({ rated, final, system }: FeedbackTuning): Tuning {
  const tally = createTally();
  for (const [input, answers] of Map.groupBy(rated, (answer) => canonicalJson(answer.input))) {
    const asked = messagesOf(answers[0]!.input);
    if (final.has(input)) tally.leave('final');
    else if (asked === undefined) tally.leave('no_question');
    else for (const line of linesOf(answers, withSystem(asked, system))) tally.put(line);
  }
  return tally.end();
}

function linesOf(answers: readonly RatedAnswer[], asked: readonly Message[]) {
  const byText = Map.groupBy(answers, textOf);
  const net = [...byText].flatMap(([text, own]) =>
    text === undefined ? [] : { text, thumbs: own.reduce((sum, { up, down }) => sum + up - down, 0) },
  );
  const liked = net.filter(({ thumbs }) => thumbs > 0);
  const disliked = net.filter(({ thumbs }) => thumbs < 0);
  const lines = liked.flatMap((good) => disliked.map((bad) => preferenceLine(asked, good.text, bad.text)));
  if (lines.length === 0) return [net.length === 0 ? ('no_text' as const) : ('undecided' as const)];
  return [...lines.slice(0, MOST_PAIRS), ...lines.slice(MOST_PAIRS).map(() => 'enough' as const)];
}

function messagesOf(input: Json): readonly Message[] | undefined {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? questionOf(input as JsonObject) : undefined;
}
