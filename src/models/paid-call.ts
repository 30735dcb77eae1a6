/**
 * One paid call: its turn, its run's budget, its row, the call itself, and what it turned out to use. Whatever becomes of
 * the call, its row says so; a row that cannot be completed stays open and is counted as unknown, since an answer that
 * was paid for is worth more than its entry.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { showMoney, showWhole } from '../base/format.ts';
import { outOfTime, waitsFreely } from '../boundary/attempt-clock.ts';
import { cut, StepFailure } from '../boundary/failure.ts';
import type { ScopedAllowance } from '../model/limit-rules.ts';
import type { ProviderCall, Reply, Usage } from '../model/provider-call.ts';
import type { Json } from '../plan/plan.ts';
import { BUDGET_EXCEEDED, EVALUATION_BUDGET } from '../plan/walk.ts';
import type { CallClosing, CallKind, CallUsage, Opened, ProviderCalls } from '../store/provider-calls.ts';
import type { Ask, RateLimits } from '../store/rate-limits.ts';
import { storable } from '../store/storable.ts';
import { parseModelName } from './model-name.ts';
import { usageOfFailure } from './provider-failures.ts';

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
 *   cannot be known, and every error of `make`
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
    await limits.hold(scope, retryAfterMs).catch(() => undefined); // the provider rejects the next call in the same way
}

/** A killed worker's places come back after this long. */
const LEASE_MS = 30_000;
const RENEWALS_PER_LEASE = 3;
/** How often a serving call asks for a place where all are taken; evaluation stands back for it a while longer. */
const ASK_AGAIN_MS = 100;
const STAND_BACK_MS = 4 * ASK_AGAIN_MS;
/** Evaluation asks again up to this long after a slot comes free: not all at the same moment. */
const SPREAD_MS = 250;

export type Admission = Pick<Ask, 'scope' | 'callId' | 'allowance' | 'tokens' | 'isServing' | 'longestWaitMs'>;

export interface Place {
  /**
   * Asked last of all, when the call is about to leave: waits again where the provider has meanwhile asked for it.
   *
   * @throws as `admit`
   */
  confirm(): Promise<void>;
  /** Gives the place back, and what it turned out not to take of the tokens. */
  leave(unusedTokens: number): Promise<void>;
}

/**
 * Resolves when the call may leave.
 *
 * @throws StepFailure `rate_limited` (benign, with the time to try again) where that would be later than
 *   `longestWaitMs`; the signal's reason when it aborts
 */
async function admit(limits: RateLimits, admission: Admission, signal: AbortSignal): Promise<Place> {
  const { scope, callId, allowance, tokens } = admission;
  const ask: Ask = { ...admission, leaseMs: LEASE_MS, standBackMs: STAND_BACK_MS };
  const renewing = setInterval(
    () => void limits.renew(scope, callId, LEASE_MS).catch(() => undefined), // the next renewal makes it good
    LEASE_MS / RENEWALS_PER_LEASE,
  );
  const leave = async (unusedTokens: number) => {
    clearInterval(renewing);
    await limits.leave(scope, callId, allowance, unusedTokens);
  };
  try {
    let slotAt = await waitForTurn(limits, ask, signal);
    const confirm = async () => {
      while (await limits.isHeld(scope, slotAt)) slotAt = await takeAnew(limits, ask, signal);
      signal.throwIfAborted();
    };
    return { confirm, leave };
  } catch (error) {
    await leave(tokens).catch(() => undefined); // its lease ends by itself
    throw error;
  }
}

/** Gives the slot's time. */
const waitForTurn = (limits: RateLimits, ask: Ask, signal: AbortSignal): Promise<number> =>
  outOfTime(() => takeTurn(limits, ask, signal));

async function takeTurn(limits: RateLimits, ask: Ask, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const leftMs = ask.longestWaitMs - (performance.now() - startedAt);
    const slot = await limits.take({ ...ask, longestWaitMs: Math.max(0, leftMs) });
    if (slot.kind === 'taken') {
      await pause(slot.waitMs, signal);
      return slot.slotAt;
    }
    const waitMs = slot.kind === 'full' ? ASK_AGAIN_MS : slot.waitMs;
    if (leftMs <= 0 || (slot.kind === 'later' && waitMs > leftMs)) throw tooLate(ask, waitMs);
    await pause(ask.isServing ? waitMs : waitMs + Math.random() * SPREAD_MS, signal);
  }
}

/** Another slot in place of the one there was; its tokens are given back first, and the place with them. */
async function takeAnew(limits: RateLimits, ask: Ask, signal: AbortSignal): Promise<number> {
  await limits.leave(ask.scope, ask.callId, ask.allowance, ask.tokens);
  return waitForTurn(limits, ask, signal);
}

/** A pause that the signal ends with its own reason. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return;
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function tooLate({ scope, longestWaitMs }: Ask, waitMs: number): StepFailure {
  return new StepFailure('rate_limited', {
    message: `calls to ${scope} wait longer than ${longestWaitMs} ms for their turn`,
    remedy: 'raise SLUICE_LIMITS if the provider allows more, or SLUICE_LIMIT_WAIT_MS (and the timeouts of the steps)',
    retryable: true,
    retryAfterMs: Math.ceil(waitMs),
    benign: true,
    data: { scope },
  });
}

/** What was to be made. */
interface Refused {
  readonly model: string;
  readonly call: Pick<ProviderCall, 'runId'>;
  readonly most: Usage;
}

const tokensOf = ({ inputTokens, outputTokens }: Usage): number => (inputTokens ?? 0) + (outputTokens ?? 0);

/** @param mostUsd the most that the call may take; null where the price is unknown */
function refusal(
  { model, call, most }: Refused,
  refused: Exclude<Opened, { kind: 'opened' }>,
  mostUsd: number | null,
): StepFailure {
  const { kind, scope, budget } = refused;
  if (kind === 'price-unknown')
    return new StepFailure('price_unknown', {
      message: `the ${scope} may spend ${showMoney(budget)}, and what a call to ${model} costs is unknown`,
      remedy: `say so with SLUICE_PRICES, such as ${model}:input=0.2,output=0.8 (dollars per million tokens)`,
      retryable: false,
      data: { model },
    });
  const { limit, committed } = refused;
  const show = limit === 'usd' ? showMoney : (amount: number) => `${showWhole(amount)} tokens`;
  const needed = limit === 'usd' ? mostUsd! : tokensOf(most);
  return new StepFailure(scope === 'run' ? BUDGET_EXCEEDED : EVALUATION_BUDGET, {
    message: `the ${scope}'s budget is ${show(budget)}; ${show(committed)} are spent or under way, and a call to ${model} may take up to ${show(needed)}`,
    remedy: BUDGET_REMEDIES[scope](call.runId),
    retryable: false,
    data: { model, limit, budget, committed, most: needed },
  });
}

const BUDGET_REMEDIES = {
  run: () => 'give the run a larger budget, or its steps fewer output tokens and shorter passages',
  evaluation: (id: string) => `raise it, and what was made is not made again: sluice eval resume ${id} --budget-usd N`,
  backtest: () => 'begin another with a larger one, or over fewer runs: sluice backtest --limit-usd N --last N',
  shadow: () => 'begin another with a larger one, or of a smaller share: sluice shadow start --limit-usd N --share S',
  monitor: () =>
    'wait for the next day, in UTC; or give it a larger budgetUsdPerDay, or a smaller sample, and start it again',
};

// What is kept of a call to a provider: what was sent and what came back, as data of a bounded size. Never a key or a
// header: both are of adapters, which this does not see.

/** Bytes of JSON that are kept of either. */
export const KEPT_BYTES = 64 * 1024;

/** Tried one after the other, until the whole fits: texts are cut to so many characters, lists to so many items. */
const [CHARACTERS, ITEMS] = [
  [32_768, 8_192, 2_048, 512, 128],
  [1_000, 200, 50, 20, 10],
] as const;

/** The same value, its longest texts and lists cut where it has more than `KEPT_BYTES`; what is cut says so. */
export function bounded(value: Json): Json {
  if (fits(value)) return value;
  for (const [place, characters] of CHARACTERS.entries()) {
    const short = shortened(value, characters, ITEMS[place]!);
    if (fits(short)) return short;
  }
  return { left_out: `${bytesOf(value)} bytes, of which ${KEPT_BYTES} could be kept` };
}

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));
const fits = (value: Json): boolean => bytesOf(value) <= KEPT_BYTES;

function shortened(value: Json, characters: number, items: number): Json {
  if (typeof value === 'string')
    return value.length <= characters
      ? value
      : `${value.slice(0, characters).toWellFormed()} (and ${value.length - characters} characters more)`;
  if (typeof value !== 'object' || value === null) return value;
  const within = (part: Json) => shortened(part, characters, items);
  const more = (count: number) => `(and ${count - items} more)`;
  if (Array.isArray(value)) {
    const list = value.slice(0, items).map(within);
    return value.length > items ? [...list, more(value.length)] : list;
  }
  const entries = Object.entries(value);
  const kept = entries.slice(0, items).map(([key, part]) => [key, within(part)] as const);
  return Object.fromEntries(entries.length > items ? [...kept, ['…', more(entries.length)]] : kept);
}

export type Redact = (value: Json) => Json;

/**
 * What is kept of `value`: redacted first, since what is cut could not be recognised; undefined where it has none.
 *
 * @param redact default: nothing is redacted
 */
export function keptOf(value: object | undefined, redact: Redact = (all) => all): Json | undefined {
  if (value === undefined) return undefined;
  // What is undefined goes, as it does on its way to the provider.
  return bounded(redact(storable(JSON.parse(JSON.stringify(value)) as Json)));
}

/** How a failed call is reported together with the received part of its answer. */
export function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof StepFailure) return { code: error.code, message: cut(error.message) };
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { code: name, message: cut(message) };
}
