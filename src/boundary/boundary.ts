/** The boundary: what stands between a host and a step's function, outermost first. */

import { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import type { RunAssignment } from '../model/assign.ts';
import { DRAFT_LENGTH, PIECE_LENGTH, type TokenOutlet } from '../model/token-piece.ts';
import type { Json } from '../plan/plan.ts';
import { fitToSchema } from '../redaction/fit.ts';
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import { type Payloads, restoreClaims, storeLarge } from '../store/claims.ts';
import type { Outcomes } from '../store/outcomes.ts';
import { beat, limitTime } from './attempt-clock.ts';
import { StepFailure } from './failure.ts';
import { type Attempt, compose, type Emit, type Implemented, type Next, type Wrapper } from './implement.ts';

export interface BoundaryDependencies {
  readonly payloads: Payloads;
  /** Sends tokens to the caller that asked for them; absent if there is no channel. */
  readonly tokens?: TokenOutlet;
  /** Absent where runs are in no experiment: evaluations, re-runs. */
  readonly expose?: Expose;
  /** Default: off. */
  readonly redaction?: Redaction;
}

export function createBoundary(dependencies: BoundaryDependencies, implemented: Implemented): Next {
  const { payloads, tokens, expose, redaction } = dependencies;
  // A draft comes in pieces, and what rules name may lie across them: none is shown where any rule is on.
  const outlet = redaction?.isOn ? undefined : tokens;
  const wrappers = [
    ...[sinkTokens(outlet), limitTime, beat, recordExposures(expose), checkClaims(payloads)],
    ...[redactResults(redaction), checkSchemas],
  ];
  return compose(wrappers, async (attempt) => {
    const { config, signal, heartbeat, emit = emitNothing, runId, key, priority = 'serving' } = attempt;
    const idempotencyKey = attempt.call === 'step' ? `${runId}:${key}` : `${runId}:${key}:fallback`;
    const call = { idempotencyKey, runId, key, attempt: attempt.attempt, priority };
    const context = { config, signal, heartbeat, emit, ...call };
    signal.throwIfAborted(); // cancelled while its input was being fetched: it must not begin
    return (await implemented.run(attempt.input, Object.freeze(context))) as Json;
  });
}

/**
 * Keeps large values out of the workflow's history: they are stored aside, content-addressed, and a stub travels in
 * their place. The next step that reads one gets the value back before it is called, so no step ever sees a stub.
 */
function checkClaims(payloads: Payloads): Wrapper {
  return async (attempt, next) => {
    const input = await restoreClaims(payloads, attempt.input);
    const output = await next({ ...attempt, input });
    return storeLarge(payloads, output, `the output of '${attempt.key}'`);
  };
}

/**
 * Checks what goes into a step and what comes out of it by the step's own schemas. Wrong data is a fault of the
 * pipeline or of the step, which no further attempt can mend, so every refusal is final.
 */
const checkSchemas: Wrapper = async (attempt, next) => {
  const { step, key } = attempt;
  const input = parse(
    step.input,
    attempt.input,
    'StepInputInvalid',
    `the input of '${key}' (${step.name}@${step.version})`,
  );
  const output = await next({ ...attempt, input });
  return parse(step.output, output, 'StepOutputInvalid', `the output of '${key}' (${step.name}@${step.version})`);
};

const REMEDIES = {
  StepInputInvalid: 'correct the wiring, or the input schema of the step',
  StepOutputInvalid: 'correct what the step returns, or its output schema (and its version)',
  StepConfigInvalid: 'raise the version of a step whose config changes, and keep the old one while plans call it',
} as const;

export function parse(schema: z.ZodType, value: Json, code: keyof typeof REMEDIES, what: string): Json {
  const parsed = schema.safeParse(value);
  // Step schemas are JSON-faithful (defineStep refuses others), so what they give is JSON.
  if (parsed.success) return parsed.data as Json;
  throw new StepFailure(code, {
    message: `${what} does not fit its schema: ${z.prettifyError(parsed.error)}`,
    remedy: REMEDIES[code],
    retryable: false,
    data: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message })) },
  });
}

/** Within the claim check, as what is set aside is kept, too; around the schemas, as their messages quote what they refuse. */
function redactResults(redaction: Redaction = NO_REDACTION): Wrapper {
  if (!redaction.isOn) return (attempt, next) => next(attempt);
  return async (attempt, next) => {
    const { step, key } = attempt;
    const heartbeat: typeof attempt.heartbeat = (progress) =>
      // The server keeps the last message.
      attempt.heartbeat(typeof progress === 'string' ? redaction.text(progress) : progress);
    try {
      const output = await next({ ...attempt, heartbeat });
      const what = `the output of '${key}' (${step.name}@${step.version})`;
      return fitToSchema(step.output, output, redaction.json(output), what);
    } catch (error) {
      throw redactError(redaction, error);
    }
  };
}

/** The same failure, as far as hosts can tell, and nothing of what it was made of: causes stay behind. */
function redactError(redaction: Redaction, error: unknown): Error {
  if (error instanceof SluiceError) return redactOurs(redaction, error);
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const copy = new Error(redaction.text(message));
  copy.name = name;
  copy.stack = redaction.text(stack);
  return copy;
}

function redactOurs({ text, json }: Redaction, error: SluiceError): SluiceError {
  const parts = {
    ...{ message: text(error.message), remedy: text(error.remedy), retryable: error.retryable },
    data: json(error.data) as { readonly [key: string]: Json },
  };
  if (!(error instanceof StepFailure)) return new SluiceError(error.code, parts);
  const { retryAfterMs, benign } = error;
  return new StepFailure(error.code, { ...parts, benign, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/**
 * Lets a step's text be seen while it is written. Pieces leave by an outlet that neither waits nor fails, in parallel to the
 * workflow and never through its history; what an attempt wrote is taken back when the attempt fails. Where nobody asked
 * for tokens, `emit` is one function for all, which does nothing.
 */
export const emitNothing: Emit = () => undefined;

/** Outermost: a step that ignores its time limit must not write on after it. */
function sinkTokens(outlet: TokenOutlet | undefined): Wrapper {
  return async (attempt, next) => {
    if (attempt.sink === undefined || outlet === undefined) return next(attempt);
    const writer = createWriter(attempt, outlet.bind(undefined, attempt.sink));
    if (mayReplace(attempt)) writer.begin();
    try {
      const output = await next({ ...attempt, emit: writer.emit });
      writer.end();
      return output;
    } catch (error) {
      writer.takeBack();
      throw error;
    }
  };
}

/** Whether text of an earlier attempt or round may be on show: then it is void from now on, not from our first token. */
function mayReplace({ attempt, call, key }: Attempt): boolean {
  return attempt > 1 || call === 'fallback' || /\[(?:[2-9]|\d{2,})\]/.test(key);
}

type Send = (piece: Parameters<TokenOutlet>[1]) => void;

function createWriter({ runId, key, call, attempt }: Attempt, send: Send) {
  let seq = 0;
  let written = 0;
  let isOpen = true;
  /** The first half of a surrogate pair, whose second half is still to come. */
  let half = '';
  const piece = (text: string) => ({ runId, key, call, attempt, seq: seq++, text });

  return {
    begin: () => send(piece('')),
    emit(text: string): void {
      if (!isOpen || text === '') return;
      written += text.length;
      if (written > DRAFT_LENGTH) return;
      const whole = half + text;
      half = endsInHalf(whole) ? whole.slice(-1) : '';
      for (const part of partsOf(half === '' ? whole : whole.slice(0, -1))) send(piece(part));
    },
    end(): void {
      if (half !== '') send(piece(half));
      isOpen = false;
    },
    takeBack(): void {
      isOpen = false;
      if (seq > 0) send({ ...piece(''), isVoid: true });
    },
  };
}

function endsInHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}

/** Text in pieces that are short enough to travel, none of which ends in half a pair. */
function* partsOf(text: string): Generator<string> {
  for (let rest = text; rest !== ''; ) {
    const cut = rest.slice(0, PIECE_LENGTH);
    const part = rest.length > PIECE_LENGTH && endsInHalf(cut) ? cut.slice(0, -1) : cut;
    yield part;
    rest = rest.slice(part.length);
  }
}

/**
 * Writes that a run's unit has met its arms, before the step does anything: in every arm, the baseline included, so that who
 * is compared does not depend on what came of it. A unit that is known to have met its arm in this stage costs nothing more.
 */
export type Expose = (runId: string, exposures: readonly RunAssignment[]) => Promise<void>;

/** Units of which a process remembers that they are exposed. */
const REMEMBERED = 20_000;

export function createExpose({ expose }: Pick<Outcomes, 'expose'>): Expose {
  const known = new Set<string>();
  return async (runId, exposures) => {
    const keyOf = ({ experiment, unit, armIndex, stage }: RunAssignment) =>
      [experiment, armIndex, stage, unit].join('\n');
    const news = exposures.filter((each) => !known.has(keyOf(each)));
    if (news.length === 0) return;
    await expose(
      news.map(({ experiment, unit, armIndex, stage, probability, isOverride }) => ({
        ...{ experiment, unit, arm: armIndex, stage, probability, runId },
        ...(isOverride && { excluded: 'override' as const }),
      })),
    );
    for (const each of news) known.add(keyOf(each));
    for (const oldest of known) {
      if (known.size <= REMEMBERED) break;
      known.delete(oldest);
    }
  };
}

function recordExposures(expose: Expose | undefined): Wrapper {
  return async (attempt, next) => {
    const { runId, exposures } = attempt;
    if (expose !== undefined && exposures !== undefined) await expose(runId, exposures);
    return next(attempt);
  };
}
