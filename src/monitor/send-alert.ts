/**
 * Tells an address of an alert: one POST per change, signed as Standard Webhooks has it (standardwebhooks.com, v1), so that
 * whoever listens can check who speaks, and knows a repeated one by its id. `text` is what chat programs show.
 */
import { createHmac } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { AlertRow } from '../store/monitor-results.ts';
import type { Store } from '../store/store.ts';

export interface AlertAddress {
  /** http or https. What is behind the host may be a secret: it is in no message. */
  readonly url: string;
  /** Text, or base64 behind `whsec_`. */
  readonly secret: Secret;
}

const LIMIT_MS = 10_000;
const BASE64_PREFIX = 'whsec_';
/** Answers of 400 and above that another try may not meet. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** @throws SluiceError `alert_refused`; retryable where another try may be taken */
export async function sendAlert(
  { monitors }: Pick<Store, 'monitors'>,
  { url, secret }: AlertAddress,
  { monitorId, alertNo }: Pick<AlertRow, 'monitorId' | 'alertNo'>,
  now: () => number = Date.now,
): Promise<void> {
  const row = await monitors.get(monitorId);
  const alert = await monitors.alert(monitorId, alertNo);
  if (alert === undefined || alert.deliveredAt !== null) return;
  const id = `${monitorId}/${alertNo}`;
  const { was, isNow, at, evidence } = alert;
  const body = JSON.stringify({
    ...{ type: 'monitor.alert', id, timestamp: new Date(at).toISOString(), text: sentenceOf(alert, row.pipeline) },
    data: { monitor: row.name, version: row.version, pipeline: row.pipeline, was, isNow, ...evidence },
  });
  await post(url, body, signatureOf(id, Math.floor(now() / 1_000), body, secret));
  await monitors.endDelivery(monitorId, alertNo, null);
}

async function post(url: string, body: string, headers: { readonly [name: string]: string }): Promise<void> {
  const { host } = new URL(url);
  const answer = await fetch(url, {
    ...{ method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout(LIMIT_MS) },
    headers: { 'content-type': 'application/json', ...headers },
  }).catch((cause: unknown) => {
    throw refused(`${host} was not reached: ${cause instanceof Error ? cause.name : 'no answer'}`, true);
  });
  await answer.body?.cancel();
  if (answer.ok) return;
  throw refused(`${host} answered ${answer.status}`, answer.status >= 500 || PASSING.has(answer.status));
}

/** Of the id, the moment and the body together: none of them can be another's. */
function signatureOf(id: string, at: number, body: string, secret: Secret): { readonly [header: string]: string } {
  const given = secret.reveal();
  const key = given.startsWith(BASE64_PREFIX) ? Buffer.from(given.slice(BASE64_PREFIX.length), 'base64') : given;
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  return {
    ...{ 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` },
    'idempotency-key': id,
  };
}

/** For people who are woken by it. */
function sentenceOf({ monitorId, isNow, evidence }: Omit<AlertRow, 'error'>, pipeline: string): string {
  const { field, below, above, n, mean, lo, hi } = evidence;
  const bound = below === null ? `above ${above}` : `below ${below}`;
  const figures = `${field} is ${short(mean)} (99 %: ${short(lo)} to ${short(hi)}) of ${n} scores`;
  if (isNow === 'alerting') return `${pipeline}: ${monitorId} alerts: ${figures}, which is ${bound}`;
  return `${pipeline}: ${monitorId} is ${isNow} again: ${figures}`;
}

const short = (value: unknown): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(3))) : 'not known';

const refused = (message: string, retryable: boolean): SluiceError =>
  new SluiceError('alert_refused', {
    message: `nobody could be told of the alert: ${message}`,
    remedy: 'see that SLUICE_ALERT_WEBHOOK is what takes it; the alert stands in: sluice monitor status',
    retryable,
  });
