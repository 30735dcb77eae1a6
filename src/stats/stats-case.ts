#!/usr/bin/env node
/**
 * `stats-case`: the statistics engine as a filter, so that any program in any language can check it. JSON lines
 * `{id, kind, input}` on standard input become JSON lines `{id, status, ...fields}` on standard output, in the same
 * order. A line that cannot be read, an unknown kind or bad input answers `invalid_input`; nothing stops the stream.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { KINDS, refusal } from './contract-kinds.ts';

/** Longer lines are refused. */
export const MAX_LINE_CHARACTERS = 32 * 1024 * 1024;

/** The names of all kinds, sorted. */
export const KIND_NAMES: readonly string[] = Object.freeze([...KINDS.keys()].sort());

/** The answer to one line, as one line. */
export function answerLine(line: string): string {
  if (line.length > MAX_LINE_CHARACTERS) {
    return JSON.stringify({ id: null, ...refusal(`a line may have ${MAX_LINE_CHARACTERS} characters`) });
  }
  const request = parse(line);
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return JSON.stringify({ id: idIn(line), ...refusal('the line is not a JSON object') });
  }
  const { id = null, kind: name, input } = request as { id?: unknown; kind?: unknown; input?: unknown };
  const kind = typeof name === 'string' ? KINDS.get(name) : undefined;
  if (kind === undefined) return JSON.stringify({ id, ...refusal(`unknown kind ${JSON.stringify(name ?? null)}`) });
  try {
    return JSON.stringify({ id, ...kind(input) });
  } catch (error) {
    // Methods answer problems as values. Should one throw all the same, the lines after it still deserve an answer.
    return JSON.stringify({ id, ...refusal(error instanceof Error ? error.message : String(error)) });
  }
}

/**
 * JSON, and the words NaN and Infinity that some languages write for numbers. They are read as a number too large to
 * be finite, so that the request keeps its id and its method refuses the value.
 */
function parse(line: string): unknown {
  const readable = line.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b|-?\bInfinity\b/g, (token) =>
    token.startsWith('"') ? token : '1e999',
  );
  try {
    return JSON.parse(readable);
  } catch {
    return undefined;
  }
}

/** The id in a line that is not JSON, where it can be made out. */
function idIn(line: string): string | null {
  return /"id"\s*:\s*"([^"\\]*)"/.exec(line)?.[1] ?? null;
}

/** Answers every line of `input` on `output`; settles when the input ends. Blank lines are skipped. */
export async function serve(input: Readable, output: Writable): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    if (!output.write(`${answerLine(line)}\n`)) await once(output, 'drain');
  }
}

if (import.meta.main) await serve(process.stdin, process.stdout);
