/** One thing that raters fill in: what fits, how it is read, and how it is described. Without schemas: the dashboard uses it too. */
export type LabelValue = number | boolean | string;

export interface LabelField {
  readonly name: string;
  /** What its schema says that it means, by `.describe(…)`. */
  readonly description: string | null;
  /** `score`: yes, no or a number between, where nobody has said which: of a scorer that is known by its results alone. */
  readonly kind: 'boolean' | 'number' | 'score' | 'choice';
  /** Null: no bound. */
  readonly least: number | null;
  readonly most: number | null;
  readonly isWhole: boolean;
  /** Of a choice. */
  readonly choices: readonly string[];
}

const WORDS: { readonly [word: string]: boolean } = { true: true, yes: true, false: false, no: false };

/** The value that somebody gave, as text or as what it is; undefined where it does not fit. */
export function readValue(field: LabelField, given: unknown): LabelValue | undefined {
  const text = typeof given === 'string' ? given.trim() : given;
  if (field.kind === 'choice') return field.choices.find((each) => each === text);
  const word = typeof text === 'string' ? WORDS[text.toLowerCase()] : text;
  if (field.kind !== 'number' && typeof word === 'boolean') return word;
  const number = typeof text === 'string' && text !== '' ? Number(text) : text;
  if (typeof number !== 'number' || !fits(field, number)) return undefined;
  return field.kind === 'boolean' ? (number === 0 || number === 1 ? number === 1 : undefined) : number;
}

function fits({ kind, least, most, isWhole }: LabelField, number: number): boolean {
  if (!Number.isFinite(number)) return false;
  if (kind === 'boolean') return true;
  return number >= (least ?? -Infinity) && number <= (most ?? Infinity) && (!isWhole || Number.isInteger(number));
}

/** `true or false`, `a whole number from 1 to 5`, `one of: low, high`. */
export function describeField({ kind, least, most, isWhole, choices }: LabelField): string {
  if (kind === 'boolean') return 'true or false';
  if (kind === 'choice') return `one of: ${choices.join(', ')}`;
  const number = isWhole ? 'a whole number' : 'a number';
  const from = least === null ? '' : most === null ? ` from ${least} up` : ` from ${least} to ${most}`;
  const range = least === null && most !== null ? ` up to ${most}` : from;
  return `${kind === 'score' ? 'true, false or ' : ''}${number}${range}`;
}
