/**
 * The reply to a chat request, whoever's API it came by: written by the test, made for the schema, or found by the
 * answerer; then cut to the length that was asked for, and counted.
 */
import type { Json } from '../../src/plan/plan.ts';
import { answerFrom, questionOf } from './answerer.ts';
import type { Fault } from './faults.ts';
import type { BilledUsage } from './record.ts';
import { dataForSchema } from './schema-data.ts';
import type { Finish, ReplyScript } from './scripts.ts';
import type { ChatAsked } from './stand-in.ts';
import { countTokens, tokenPieces } from './tokens.ts';

export interface ChatReply {
  readonly text: string;
  /** The text, as a stream sends it. */
  readonly pieces: readonly string[];
  readonly refusal: string | null;
  readonly finish: Finish;
  readonly billed: BilledUsage;
}

export interface ChatSize {
  readonly promptTokens: number;
  /** Null: as many as it takes. */
  readonly maxOutputTokens: number | null;
}

/** What a `wrong-schema` reply holds: valid JSON that no schema with other required properties allows. */
export const unexpectedData: Json = { unexpected: true };

export function composeReply(
  asked: ChatAsked,
  script: ReplyScript | null,
  fault: Fault | null,
  size: ChatSize,
): ChatReply {
  const refusal = script?.refusal ?? null;
  const written = script?.deltas ?? tokenPieces(writtenText(asked, script));
  const spoilt = spoil(asked, fault, refusal === null ? written : tokenPieces(refusal));
  const pieces = size.maxOutputTokens === null ? spoilt : spoilt.slice(0, size.maxOutputTokens);
  const text = pieces.join('');
  const finish = script?.finish ?? (pieces.length < spoilt.length ? 'length' : 'stop');
  const counted: BilledUsage = {
    inputTokens: size.promptTokens,
    outputTokens: countTokens(text),
    cachedInputTokens: 0,
    searchUnits: 0,
  };
  return { text, pieces, refusal: refusal === null ? null : text, finish, billed: { ...counted, ...script?.usage } };
}

function writtenText(asked: ChatAsked, script: ReplyScript | null): string {
  if (script?.text !== undefined) {
    return script.text;
  }
  if (script?.data !== undefined) {
    return JSON.stringify(script.data);
  }
  return asked.schema === null
    ? answerFrom(asked)
    : JSON.stringify(dataForSchema(asked.schema.schema, questionOf(asked)));
}

/** The faults that are in what the model says, not in how it is sent. */
function spoil(asked: ChatAsked, fault: Fault | null, pieces: readonly string[]): readonly string[] {
  if (fault?.kind === 'wrong-schema' && isInReply(asked, fault)) {
    return tokenPieces(JSON.stringify(unexpectedData));
  }
  if (fault?.kind === 'malformed-json' && isInReply(asked, fault)) {
    return tokenPieces(`${pieces.join('').slice(0, -1)}, "unfinished`);
  }
  if (fault?.kind === 'large-body') {
    return [...pieces, ' large'.repeat(Math.ceil(fault.bytes / 6))];
  }
  return pieces;
}

/** Where a fault sits unless it says: wrong data in the reply if data was asked for, broken JSON in the body. */
export function isInReply(asked: { readonly schema: unknown }, fault: Fault): boolean {
  switch (fault.kind) {
    case 'wrong-schema':
      return (fault.where ?? (asked.schema === null ? 'body' : 'reply')) === 'reply';
    case 'malformed-json':
      return fault.where === 'reply';
    default:
      return false;
  }
}
