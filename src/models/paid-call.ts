/**
 * One paid call: its turn, its run's budget, its row, the call itself, and what it turned out to use. Whatever becomes of
 * the call, its row says so; a row that cannot be completed stays open and is counted as unknown, since an answer that
 * was paid for is worth more than its entry.
 */
import { randomUUID } from 'node:crypto';
import { waitsFreely } from '../boundary/attempt-clock.ts';
import { StepFailure } from '../boundary/failure.ts';
import type { ScopedAllowance } from '../model/limit-rules.ts';
import type { ProviderCall, Reply, Usage } from '../model/provider-call.ts';
import type { CallClosing, CallKind, CallUsage, ProviderCalls } from '../store/provider-calls.ts';
import type { RateLimits } from '../store/rate-limits.ts';
import { admit, type Place } from './admission.ts';
import { refusal, tokensOf } from './budget-refusal.ts';
import { usageOfFailure } from './failures.ts';
import { errorOf, keptOf, type Redact } from './kept-body.ts';
import { parseModelName } from './model-name.ts';

const FREE_WAIT_MS = 10 * 60_000;

/** What calls are counted, paid and held back by. */
export interface Meter {
  readonly calls: ProviderCalls;
  readonly limits: RateLimits;
  readonly allowanceOf: (model: string) => ScopedAllowance;
  /** A call whose turn is further away fails for now; where waiting costs it no time, ten minutes are not too far. */
  readonly longestWaitMs: number;
  /** Dollars; null where the price, or part of the usage, is unknown. */
  readonly costOf: (model: string, usage: Usage) => number | null;
  /** Applied to what is kept of requests and replies, before it is. */
  readonly redact?: Redact;
}

export interface PaidCall<R extends Reply> {
  /** `openai/gpt-5-mini` */
  readonly model: string;
  readonly kind: CallKind;
  readonly call: ProviderCall;
  /** The most that it may use, counted before it leaves. */
  readonly most: Usage;
  readonly make: () => Promise<R>;
  /** What was used by our own count, where the provider does not say; null where nothing is known. */
  readonly counted: (reply: R | undefined) => Usage | null;
  /** What is sent, as data for the record. */
  readonly asked: () => object;
  /** What came back, as data for the record: of a call that broke off, what had come by then. */
  readonly answered: (reply: R | undefined) => object | undefined;
}

/**
 * Makes the call when it may be made.
 *
 * @throws StepFailure `rate_limited` where its turn is too far away, `budget_exceeded` where the run's budget, and
 *   `evaluation_budget` where the evaluation's, has no room for the most that it may take, `price_unknown` where that
 *   cannot be known, and whatever `make` throws
 */
export async function pay<R extends Reply>(meter: Meter, paid: PaidCall<R>): Promise<R> {
  const { model, call, most } = paid;
  const { scope, allowance } = meter.allowanceOf(model);
  const callId = randomUUID();
  const tokens = tokensOf(most);
  const isServing = call.priority === 'serving';
  const longestWaitMs = waitsFreely() ? Math.max(meter.longestWaitMs, FREE_WAIT_MS) : meter.longestWaitMs;
  const place = await admit(meter.limits, { scope, callId, allowance, tokens, isServing, longestWaitMs }, call.signal);
  let used = 0;
  try {
    await open(meter, paid, callId);
    used = tokens; // until more is known
    const { closing, outcome, hasLeft } = await attempt(meter, paid, place);
    if (closing.usage !== 'unknown') used = (closing.inputTokens ?? 0) + (closing.outputTokens ?? 0);
    if (hasLeft) await holdIfAsked(meter.limits, scope, outcome);
    await meter.calls.close(callId, closing).catch(() => undefined);
    if ('error' in outcome) throw outcome.error;
    return outcome.reply;
  } finally {
    await place.leave(tokens - used).catch(() => undefined); // its lease ends by itself
  }
}

async function open<R extends Reply>(meter: Meter, paid: PaidCall<R>, callId: string) {
  const { model, kind, call, most } = paid;
  const { runId, key, attempt, idempotencyKey } = call;
  const name = parseModelName(model);
  const reservedUsd = meter.costOf(model, most);
  const opening = { callId, runId, key, attempt, idempotencyKey, ...name, kind };
  const request = isKept(call) ? keptOf(paid.asked(), meter.redact) : undefined;
  const kept = request === undefined ? {} : { request };
  const opened = await meter.calls.open({ ...opening, ...kept, reservedTokens: tokensOf(most), reservedUsd });
  if (opened.kind !== 'opened') throw refusal(paid, opened, reservedUsd);
  call.signal.throwIfAborted();
}

/** Runs that are served are looked at one by one; what evaluations, many times as many, came to is in their memo. */
const isKept = ({ priority }: ProviderCall): boolean => priority === 'serving';

type Outcome<R> = { readonly reply: R } | { readonly error: unknown };

async function attempt<R extends Reply>(meter: Meter, paid: PaidCall<R>, place: Place) {
  let hasLeft = false;
  const leave = async (): Promise<R> => {
    await place.confirm();
    hasLeft = true;
    return paid.make();
  };
  const outcome: Outcome<R> = await leave().then(
    (reply) => ({ reply }),
    (error: unknown) => ({ error }),
  );
  const [usage, amount] =
    'reply' in outcome ? usageOfReply(paid, outcome.reply) : hasLeft ? usageOfError(paid, outcome.error) : NOTHING_MADE;
  const failure = 'error' in outcome && outcome.error instanceof StepFailure ? outcome.error : undefined;
  const isCut = 'error' in outcome && paid.call.signal.aborted;
  const requestId = 'reply' in outcome ? outcome.reply.requestId : failure?.data.requestId;
  const closing: CallClosing = {
    status: 'reply' in outcome ? 'done' : isCut ? 'cut' : 'failed',
    usage,
    inputTokens: amount?.inputTokens ?? null,
    cachedInputTokens: amount?.cachedInputTokens ?? null,
    outputTokens: amount?.outputTokens ?? null,
    searchUnits: amount?.searchUnits ?? null,
    costUsd: amount && meter.costOf(paid.model, amount),
    requestId: typeof requestId === 'string' ? requestId : null,
    errorCode: 'error' in outcome ? (failure?.code ?? (isCut ? 'cancelled' : 'error')) : null,
    ...keptReply(meter, paid, outcome),
  };
  return { closing, outcome, hasLeft };
}

function keptReply<R extends Reply>(meter: Meter, paid: PaidCall<R>, outcome: Outcome<R>) {
  if (!isKept(paid.call)) return {};
  const body =
    'reply' in outcome ? paid.answered(outcome.reply) : { ...paid.answered(undefined), error: errorOf(outcome.error) };
  const response = keptOf(body, meter.redact);
  return response === undefined ? {} : { response };
}

type Used = readonly [CallUsage, Usage | null];

const NOTHING_MADE: Used = ['none', { inputTokens: 0, outputTokens: 0, searchUnits: 0 }];

function usageOfReply<R extends Reply>(paid: PaidCall<R>, reply: R): Used {
  const reported = normal(paid.kind, reply.usage);
  if (isWhole(paid.kind, reported)) return ['reported', reported];
  const counted = paid.counted(reply);
  return counted === null ? ['unknown', null] : ['estimated', counted];
}

/** A call that the provider answered with an error made nothing; one that broke off was paid as far as it came. */
function usageOfError<R extends Reply>(paid: PaidCall<R>, error: unknown): Used {
  if (error instanceof StepFailure) {
    const said = usageOfFailure(error);
    const reported = said && normal(paid.kind, said);
    if (reported && isWhole(paid.kind, reported)) return ['reported', reported];
  }
  const counted = paid.counted(undefined);
  if (counted !== null) return ['estimated', counted];
  const isRefused = error instanceof StepFailure && typeof error.data.status === 'number' && error.data.status >= 400;
  return isRefused ? NOTHING_MADE : ['unknown', null];
}

/** Embedders and rerankers write nothing, whether or not the provider says so. */
function normal(kind: CallKind, usage: Usage): Usage {
  return kind === 'text' || kind === 'data' ? usage : { ...usage, outputTokens: usage.outputTokens ?? 0 };
}

function isWhole(kind: CallKind, { inputTokens, outputTokens, searchUnits }: Usage): boolean {
  return kind === 'rerank'
    ? searchUnits !== undefined || inputTokens !== null
    : inputTokens !== null && outputTokens !== null;
}

/** Nobody calls until the time that a provider has named. */
async function holdIfAsked<R>(limits: RateLimits, scope: string, outcome: Outcome<R>): Promise<void> {
  if (!('error' in outcome) || !(outcome.error instanceof StepFailure)) return;
  const { code, retryAfterMs } = outcome.error;
  if (code === 'rate_limited' && retryAfterMs !== undefined)
    await limits.hold(scope, retryAfterMs).catch(() => undefined); // the next call is told the same
}
