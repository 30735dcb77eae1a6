/**
 * Sends an alert to the webhook: one POST per change, signed by the Standard Webhooks specification
 * (standardwebhooks.com, v1). A receiver checks the sender by the signature and finds duplicates by the id. Chat
 * programs show `text`.
 */
import { Webhook } from 'standardwebhooks';
import { SluiceError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { AlertRow } from '../store/monitor-results.ts';
import type { Store } from '../store/store.ts';

export interface AlertAddress {
  /** http or https. No message has the part after the host: it may be a secret. */
  readonly url: string;
  /** Text, or base64 behind `whsec_`. */
  readonly secret: Secret;
}

const TIMEOUT_MS = 10_000;
const BASE64_PREFIX = 'whsec_';
/** Statuses of 400 to 499 after which a retry may succeed. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429]);

/** Does nothing when the alert has been delivered. @throws SluiceError `alert_refused`; retryable when a retry may succeed */
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
  await post(url, body, signedHeaders(id, now(), body, secret));
  await monitors.endDelivery(monitorId, alertNo, null);
}

async function post(url: string, body: string, headers: { readonly [name: string]: string }): Promise<void> {
  const { host } = new URL(url);
  const answer = await fetch(url, {
    ...{ method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) },
    headers: { 'content-type': 'application/json', ...headers },
  }).catch((cause: unknown) => {
    throw refused(`${host} was not reached: ${cause instanceof Error ? cause.name : 'no answer'}`, true);
  });
  await answer.body?.cancel();
  if (answer.ok) return;
  throw refused(`${host} answered ${answer.status}`, answer.status >= 500 || RETRYABLE.has(answer.status));
}

/** The signature covers id, time and body together. The key is decoded here: the library rejects base64 without padding. */
function signedHeaders(id: string, nowMs: number, body: string, secret: Secret): { readonly [header: string]: string } {
  const text = secret.reveal();
  const key = text.startsWith(BASE64_PREFIX)
    ? Buffer.from(text.slice(BASE64_PREFIX.length), 'base64')
    : Buffer.from(text);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1_000)),
    'webhook-signature': new Webhook(key, { format: 'raw' }).sign(id, new Date(nowMs), body),
    'idempotency-key': id,
  };
}

/** The sentence that a chat program shows. */
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
    message: `the alert could not be sent: ${message}`,
    remedy: 'check SLUICE_ALERT_WEBHOOK and its receiver; to see the alert, run: sluice monitor status',
    retryable,
  });
