/** Where traces go, by OpenTelemetry's own names. */
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { parsePairs } from '../../src/config/trace-config.ts';

test('without a receiver there are none', () => {
  expect(readConfig({ SLUICE_TRACE_SAMPLE: '0.5', OTEL_SERVICE_NAME: 'me' })).not.toHaveProperty('traces');
});

test('a base has the path of traces added; an address of their own is taken as it is', () => {
  const urlOf = (more: { readonly [name: string]: string }) => readConfig(more).traces?.url;
  expect(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })).toBe('http://collector:4318/v1/traces');
  expect(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://host/otlp/' })).toBe('https://host/otlp/v1/traces');
  const own = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b:2/in' };
  expect(urlOf(own)).toBe('http://b:2/in');
});

test('content stays here unless it is asked for; all runs are sent unless fewer are', () => {
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1' };
  expect(readConfig(base).traces).toMatchObject({ hasContent: false, share: 1, serviceName: 'sluice', resource: [] });
  const more = { ...base, SLUICE_TRACE_CONTENT: 'on', SLUICE_TRACE_SAMPLE: '0.1', OTEL_SERVICE_NAME: 'docs' };
  expect(readConfig(more).traces).toMatchObject({ hasContent: true, share: 0.1, serviceName: 'docs' });
});

test('headers are a secret, and what is wrong is said without them', () => {
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1' };
  const { traces } = readConfig({ ...base, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc' });
  expect(JSON.stringify(traces)).not.toContain('abc');
  expect(parsePairs(traces!.headers!.reveal())).toEqual([['authorization', 'Bearer abc']]);
  for (const wrong of [
    { OTEL_EXPORTER_OTLP_HEADERS: 'sekret' },
    { OTEL_EXPORTER_OTLP_HEADERS: 'sekret=%zz' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:sekret@a:1' },
    { SLUICE_TRACE_SAMPLE: '2' },
  ])
    expect(() => readConfig({ ...base, ...wrong })).toThrow(/^(?!.*sekret).*is not valid/s);
});

test('pairs are as OpenTelemetry writes them', () => {
  expect(parsePairs(' a = 1 ,b=x%2Cy=z, ')).toEqual([
    ['a', '1'],
    ['b', 'x,y=z'],
  ]);
  expect(parsePairs('=1')).toBeUndefined();
});
