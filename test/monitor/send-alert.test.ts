/** Sending an alert to the webhook: its content, its signature, and the failures that are retried. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createSecret } from '../../src/base/secret.ts';
import { sendAlert } from '../../src/monitor/send-alert.ts';

const EVIDENCE = {
  field: 'good',
  below: 0.8,
  above: null,
  n: 60,
  mean: 0.5,
  lo: 0.34,
  hi: 0.66,
  sampled: 70,
  from: 1,
  to: 2,
};
let seen: { headers: NodeJS.Dict<string | string[]>; body: string; url: string | undefined }[] = [];
let status = 204;
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  seen.push({ headers: request.headers, body, url: request.url });
  response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('secret words');
});
let url: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/TOKEN`;
});
afterAll(() => void server.close());
beforeEach(() => {
  seen = [];
  status = 204;
});

const endDelivery = vi.fn(async () => undefined);
const send = (
  secret = 'a-secret-of-twenty-four-characters',
  isNow = 'alerting',
  to = url,
  deliveredAt: number | null = null,
) =>
  sendAlert(
    {
      monitors: {
        get: async () => ({ name: 'good', version: 2, pipeline: 'bot' }),
        alert: async () => ({
          monitorId: 'good@2',
          alertNo: 3,
          at: 0,
          was: 'ok',
          isNow,
          evidence: EVIDENCE,
          deliveredAt,
        }),
        endDelivery,
      },
    } as never,
    { url: to, secret: createSecret(secret) },
    { monitorId: 'good@2', alertNo: 3 },
    () => 1_700_000_000_999,
  );

test('sendAlert > sends each change once, as a sentence and as data', async () => {
  await send();
  const [{ body, headers }] = seen as [(typeof seen)[0]];
  expect(JSON.parse(body)).toEqual({
    ...{ type: 'monitor.alert', id: 'good@2/3', timestamp: '1970-01-01T00:00:00.000Z' },
    text: 'bot: good@2 alerts: good is 0.5 (99 %: 0.34 to 0.66) of 60 scores, which is below 0.8',
    data: { monitor: 'good', version: 2, pipeline: 'bot', was: 'ok', isNow: 'alerting', ...EVIDENCE },
  });
  expect(headers).toMatchObject({ 'idempotency-key': 'good@2/3', 'content-type': 'application/json' });
  expect(endDelivery).toHaveBeenLastCalledWith('good@2', 3, null);
  await send(undefined, 'ok');
  expect(JSON.parse(seen[1]!.body).text).toBe('bot: good@2 is ok again: good is 0.5 (99 %: 0.34 to 0.66) of 60 scores');
  await send(undefined, 'alerting', url, 5);
  expect(seen).toHaveLength(2);
});

test('sendAlert > signs by a text secret or by a key in base64', async () => {
  const key = Buffer.from('k'.repeat(32));
  await send(`whsec_${key.toString('base64')}`);
  await send();
  const signed = (by: string | Buffer, body: string) =>
    `v1,${createHmac('sha256', by).update(`good@2/3.1700000000.${body}`).digest('base64')}`;
  const header = { 'webhook-id': 'good@2/3', 'webhook-timestamp': '1700000000' };
  expect(seen[0]!.headers).toMatchObject({ ...header, 'webhook-signature': signed(key, seen[0]!.body) });
  expect(seen[1]!.headers['webhook-signature']).toBe(signed('a-secret-of-twenty-four-characters', seen[1]!.body));
});

test.each([
  [500, true],
  [429, true],
  [404, false],
  [410, false],
  [302, true],
])('sendAlert > rejects status %i (retryable: %s) and does not end the delivery', async (code, retryable) => {
  status = code;
  endDelivery.mockClear();
  const sending = send();
  await expect(sending).rejects.toMatchObject({ code: 'alert_refused', retryable });
  // The message has neither the address, which may be a secret, nor the response.
  await expect(sending).rejects.not.toThrow(/TOKEN|secret words/);
  expect(seen.map((each) => each.url)).toEqual(['/hook/TOKEN']);
  expect(endDelivery).not.toHaveBeenCalled();
});

test('sendAlert > rejects as retryable when the host cannot be reached', async () => {
  await expect(send(undefined, 'alerting', 'http://127.0.0.1:9/hook/TOKEN')).rejects.toMatchObject({
    ...{ code: 'alert_refused', retryable: true },
    message: expect.stringMatching(/^the alert could not be sent: 127\.0\.0\.1:9 was not reached/),
  });
});
