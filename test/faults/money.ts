/**
 * A run's calls as the store has them, against the same calls as the provider saw and bills them: one row for each
 * request, and where the provider's numbers arrived, those numbers and no others.
 */
import type { RunResult } from '../../src/client/run-result.ts';
import type { ProviderCallRow } from '../../src/store/provider-calls.ts';
import { type RequestSeen, sumBilled } from '../standin/record.ts';
import { PRICES } from './hurried-bot.ts';

/** The store's own precision: a trillionth of a dollar. */
const EXACT = 1e-12;

export interface Account {
  readonly requests: number;
  /** By the provider's bill, for calls whose usage it told the client. */
  readonly toldUsd: number;
  /** For those whose usage never arrived: billed by the provider, and known to us by estimate at best. */
  readonly untoldUsd: number;
  /** Requests that were answered whole more often than once. */
  readonly paidTwice: number;
  /** What does not agree; empty where all does. */
  readonly problems: readonly string[];
}

export function accountOf(run: RunResult, requests: readonly RequestSeen[]): Account {
  const told = requests.filter(isTold);
  const untold = requests.filter((request) => !isTold(request) && !isRefused(request));
  const reported = run.calls.filter(({ usage }) => usage === 'reported');
  const marked = run.calls.filter(({ usage }) => usage === 'estimated' || usage === 'unknown');
  const toldUsd = sumBilled(told, PRICES).usd ?? Number.NaN;
  const paidTwice = repeated(requests);
  return {
    requests: requests.length,
    toldUsd,
    untoldUsd: sumBilled(untold, PRICES).usd ?? Number.NaN,
    paidTwice,
    problems: [
      ...differs('rows', run.calls.length, requests.length),
      ...differs('usage', usageOfRows(reported), usageOfRequests(told)),
      ...differs('dollars reported', sumOf(reported), toldUsd),
      ...differs('calls marked estimated or unknown', marked.length, untold.length),
      ...differs('dollars of the run', run.costUsd ?? Number.NaN, sumOf(run.calls)),
      ...differs(
        'calls said to be estimated',
        run.estimatedCalls,
        countOf(run, ({ usage }) => usage === 'estimated'),
      ),
      ...differs(
        'calls said to be of unknown cost',
        run.unknownCalls,
        countOf(run, ({ costUsd }) => costUsd === null),
      ),
      ...(paidTwice === 0 ? [] : [`${paidTwice} requests paid twice`]),
    ],
  };
}

/** The provider's numbers came; behind a piece that is no JSON nothing is read any more. */
function isTold({ usageSent, streamed, fault }: RequestSeen): boolean {
  const isBroken = streamed && (fault === 'malformed-json' || fault === 'wrong-schema');
  return usageSent && !isBroken;
}

const isRefused = ({ status }: RequestSeen): boolean => status !== null && status >= 400;

const sumOf = (rows: readonly ProviderCallRow[]): number => rows.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);

const countOf = ({ calls }: RunResult, test: (row: ProviderCallRow) => boolean): number => calls.filter(test).length;

function differs(what: string, ours: string | number, theirs: string | number): string[] {
  const isSame =
    typeof ours === 'number' && typeof theirs === 'number' ? Math.abs(ours - theirs) < EXACT : ours === theirs;
  return isSame ? [] : [`${what}: ${ours} where there should be ${theirs}`];
}

/** Requests that had their whole answer, and were made again in the same words. */
function repeated(requests: readonly RequestSeen[]): number {
  const whole = requests.filter(({ status, usageSent, fault }) => status === 200 && usageSent && fault === null);
  return whole.length - new Set(whole.map(({ route, body }) => `${route} ${JSON.stringify(body)}`)).size;
}

const usageOfRows = (rows: readonly ProviderCallRow[]): string =>
  rows
    .map(({ model, inputTokens, outputTokens, cachedInputTokens, searchUnits }) =>
      [model, inputTokens ?? 0, outputTokens ?? 0, cachedInputTokens ?? 0, searchUnits ?? 0].join(' '),
    )
    .toSorted()
    .join('; ');

const usageOfRequests = (requests: readonly RequestSeen[]): string =>
  requests
    .map(({ model, billed }) => {
      const { inputTokens = 0, outputTokens = 0, cachedInputTokens = 0, searchUnits = 0 } = billed ?? {};
      return [model, inputTokens, outputTokens, cachedInputTokens, searchUnits].join(' ');
    })
    .toSorted()
    .join('; ');
