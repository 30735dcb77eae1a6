/**
 * Waiting for a call's turn: its scope's rate, and a place among the calls under way. All workers share one row per
 * scope; what is held here is only the waiting, and the place, which is kept alive until the call is over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { outOfTime } from '../boundary/attempt-clock.ts';
import { StepFailure } from '../boundary/failure.ts';
import type { Ask, RateLimits } from '../store/rate-limits.ts';

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
export async function admit(limits: RateLimits, admission: Admission, signal: AbortSignal): Promise<Place> {
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
