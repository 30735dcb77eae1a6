/**
 * Feedback: what people say of an answer, joined to the run, and so to its arms. It is kept first and counted then, so a
 * thumb that is faster than the run's record, or that comes twice, is neither lost nor counted twice.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { outcomeSettings, outcomesOfFeedback } from '../experiment/run-outcomes.ts';
import { Feedback } from '../model/feedback.ts';
import { MONITOR_BY } from '../model/monitor-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { normalise } from '../redaction/redact-text.ts';
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import type { FeedbackRow } from '../store/feedback.ts';
import type { Store } from '../store/store.ts';

export interface FeedbackOptions {
  /** The same key, the same feedback. Default: what is said, of whom, by whom; so the same thumb again changes nothing. */
  readonly key?: string;
  /** Who says it, as the caller knows them. */
  readonly by?: string;
  /** The API key that sends it, which signs where nobody is named. */
  readonly sentWith?: { readonly keyId: string; readonly name: string };
  /** When it was said, in milliseconds since the epoch; default: now. */
  readonly at?: number;
  /** From a simulated user of `sluice simulate`. */
  readonly isSimulated?: boolean;
}

export interface FeedbackClient {
  /** @throws SluiceError `feedback_invalid`, `run_unknown`, `feedback_conflict`, `feedback_names_full` */
  feedback(runId: string, said: Feedback, options?: FeedbackOptions): Promise<FeedbackRow>;
}

export function createFeedbackClient(store: Store, redaction: Redaction = NO_REDACTION): FeedbackClient {
  return {
    async feedback(
      runId,
      given,
      { key, by: name = null as string | null, sentWith, at = Date.now(), isSimulated = false } = {},
    ) {
      const said = redacted(check(given), redaction);
      const { thumb, score = null, note = null, emoji = null, fields = null } = said;
      checkTime(at);
      checkName(name);
      const by = name ?? (sentWith === undefined ? null : KEY_BY + sentWith.name);
      const { row, assignments } = await store.feedback.add({
        feedbackId: `feedback-${digest([runId, key ?? [said, by]])}`,
        ...{ runId, score, note, emoji, fields, isSimulated, at },
        by: by === null ? null : redaction.text(by),
        keyId: sentWith?.keyId ?? null,
        thumb: thumb === undefined ? null : thumb === 'up' ? 1 : -1,
      });
      const rows = await Promise.all(assignments.map(({ experiment }) => store.experiments.get(experiment)));
      // As it is kept: of one that came twice the first counts, with its time.
      const outcomes = assignments.flatMap((each, index) => outcomesOfFeedback(rows[index]!.spec, each, row));
      const settings = new Map(rows.map((each) => [each.experimentId, outcomeSettings(each)]));
      if (outcomes.length > 0) await store.outcomes.put(outcomes, settings);
      return row;
    },
  };
}

function check(said: Feedback): z.output<typeof Feedback> {
  const parsed = Feedback.safeParse(said);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new SluiceError('feedback_invalid', {
    message: `this is no feedback: ${problems.join('; ')}`,
    remedy: "give at least one of thumb ('up' or 'down'), score, note, emoji, fields",
    data: { problems },
  });
}

type Said = z.output<typeof Feedback>;

/** Raters write free text. */
function redacted(said: Said, { isOn, json }: Redaction): Said {
  if (!isOn) return said;
  const { note, emoji, fields } = said;
  const words = json({
    ...(note !== undefined && { note }),
    ...(emoji !== undefined && { emoji }),
    ...(fields && { fields }),
  });
  return { ...said, ...(words as Pick<Said, 'note' | 'emoji' | 'fields'>) };
}

/** The year 10000: what comes later is in another unit, or no time at all. */
const LATEST = 253_402_300_800_000;

function checkTime(at: number): void {
  if (at >= 0 && at < LATEST) return;
  throw new SluiceError('feedback_invalid', {
    message: `this feedback was said at ${at}, which is no time`,
    remedy: 'give the time in milliseconds since 1970, or leave it out: it is now',
    data: { problems: ['at'] },
  });
}

const KEY_BY = 'key:';
/** Also with what looks like a colon. */
const RESERVED = /^(key|monitor)[:\u02d0\u02f8\u2236\ua789]/;

/** Only a key or a monitor signs as one. Case, width, spaces and invisible characters do not make another name. */
function checkName(name: string | null): void {
  if (name === null) return;
  const plain = (normalise(name)?.text ?? name).replaceAll(/\s/g, '').toLowerCase();
  if (plain !== '' && !RESERVED.test(plain)) return;
  throw new SluiceError('feedback_invalid', {
    message:
      plain === ''
        ? 'the name of who says it has no visible character'
        : `'${name}' is no person: only keys and monitors sign as '${KEY_BY}…' and '${MONITOR_BY}…'`,
    remedy: 'name who says it otherwise, or leave `by` out',
    data: { problems: ['by'] },
  });
}

const DIGITS = 24;

/** Equal for equal content, in any order. */
function digest(value: unknown): string {
  const json = JSON.parse(JSON.stringify(value)) as Json;
  return createHash('sha256').update(canonicalJson(json)).digest('hex').slice(0, DIGITS);
}
