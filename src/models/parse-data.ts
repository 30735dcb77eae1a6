/** A reply's text to the data it was asked for: a model's promise to keep to a schema is not taken on trust. */
import { z } from 'zod';
import type { Usage } from '../model/provider-call.ts';
import { providerFailure } from './failures.ts';
import type { Shape } from './language-model.ts';
import type { Served } from './settings.ts';

const NAMED_ISSUES = 3;
const ISSUE_CHARACTERS = 200;

/** @throws StepFailure `output_malformed`, which says where it does not fit and never quotes the reply */
export function parseData<T>(text: string, { name, schema }: Shape<T>, served: Served, usage: Usage): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw providerFailure('output_malformed', served, `was asked for ${name}, and its reply is not JSON`, { usage });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const said = issuesOf(parsed.error).slice(0, ISSUE_CHARACTERS);
  throw providerFailure('output_malformed', served, `was asked for ${name}, and its reply does not fit: ${said}`, {
    usage,
  });
}

/** How Cohere's SDK gives a body that it could not read: as if it were the reply. */
const Unread = z.object({ ok: z.literal(false), error: z.object({ reason: z.literal('non-json') }) });

/** @throws StepFailure `output_malformed` where a body is not what the protocol says */
export function parseBody<T>(body: unknown, schema: z.ZodType<T>, served: Served): T {
  if (Unread.safeParse(body).success) throw providerFailure('output_malformed', served, 'sent what is not JSON');
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const said = issuesOf(parsed.error).slice(0, ISSUE_CHARACTERS);
  throw providerFailure('output_malformed', served, `sent what is no reply of its protocol: ${said}`);
}

const issuesOf = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, NAMED_ISSUES)
    .map(({ path, message }) => `${z.core.toDotPath(path) || 'all of it'}: ${message}`)
    .join('; ');
