/** From what is typed to a pipeline's input: a question, or the whole input as JSON. */
import { readFile } from 'node:fs/promises';
import { SluiceError } from '../base/errors.ts';
import type { Json, Plan } from '../plan/plan.ts';

export interface TypedInput {
  readonly question?: string | undefined;
  /** JSON, or `@file` that holds it. */
  readonly input?: string | undefined;
}

/**
 * The input that was meant. Whether it fits the pipeline is for the client to say.
 *
 * @throws SluiceError `usage`, or `input_unreadable`.
 */
export async function readRunInput(plan: Plan, { question, input }: TypedInput): Promise<Json> {
  if (input !== undefined && question !== undefined)
    throw usage('both a question and --input were given', 'give one of them');
  if (input !== undefined) return parseInput(input);
  if (question === undefined)
    throw usage('there is no question', `sluice ask ${plan.pipeline} "your question", or --input '{…}'`);
  return { [questionField(plan)]: question };
}

/** The field a question goes to: `question`, else the only text that the pipeline requires. */
function questionField({ pipeline, schemas }: Plan): string {
  const { properties = {}, required = [] } = schemas.input as {
    readonly properties?: { readonly [field: string]: { readonly type?: Json } };
    readonly required?: readonly string[];
  };
  if (Object.hasOwn(properties, 'question')) return 'question';
  const texts = required.filter((field) => properties[field]?.type === 'string');
  if (required.length === 1 && texts.length === 1) return texts[0]!;
  throw usage(
    `'${pipeline}' takes more than a question: ${Object.keys(properties).join(', ')}`,
    `give its whole input: --input '{"${Object.keys(properties)[0] ?? 'field'}": …}'`,
  );
}

async function parseInput(given: string): Promise<Json> {
  const text = given.startsWith('@') ? await readFile(given.slice(1), 'utf8').catch(unreadable(given.slice(1))) : given;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usage(
      `--input is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      `quote it for the shell, as in --input '{"question": "…"}', or use --input @file.json`,
    );
  }
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new SluiceError('input_unreadable', {
      message: `'${file}' cannot be read`,
      remedy: 'check the path after the @',
      cause,
    });
  };
}

function usage(message: string, remedy: string): SluiceError {
  return new SluiceError('usage', { message, remedy });
}
