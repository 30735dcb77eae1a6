import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

describe('the environment', () => {
  test('may be empty: everything is embedded', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      temporalConfigured: false,
      queues: { run: 'sluice-run', eval: 'sluice-eval', control: 'sluice-control' },
    });
    expect(config.databaseUrl).toBeUndefined();
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('names real servers', () => {
    const config = readConfig({ DATABASE_URL: 'postgres://sluice@db:5432/sluice', TEMPORAL_ADDRESS: 'temporal:7233' });
    expect(config).toMatchObject({ databaseUrl: 'postgres://sluice@db:5432/sluice', temporalConfigured: true });
  });

  test('counts an empty variable as unset, as compose files leave it', () => {
    expect(readConfig({ DATABASE_URL: '', TEMPORAL_ADDRESS: '' })).toEqual(readConfig({}));
  });

  test.each([
    ['DATABASE_URL', 'mysql://db'],
    ['SLUICE_CONCURRENCY', '0'],
    ['SLUICE_CONCURRENCY', 'many'],
    ['SLUICE_TEMPORAL_PORT', '70000'],
    ['SLUICE_QUEUE_PREFIX', 'has space'],
    ['SLUICE_LOG', 'loud'],
    ['SLUICE_BUDGET_USD', '0'],
    ['OPENAI_BASE_URL', 'localhost'],
    ['OPENAI_BASE_URL', 'http://user:secret@localhost/v1'],
    ['SLUICE_LIMITS', 'openai/*'],
    ['SLUICE_LIMITS', 'gpt-5:rpm=3'],
    ['SLUICE_LIMITS', 'openai/*:rpm=0'],
    ['SLUICE_LIMITS', 'openai/*:rpm=10,burst=3'],
    ['SLUICE_LIMITS', 'openai/*:concurrency=2.5'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(name) }),
    );
  });

  test('proxies are addresses or networks', () => {
    const proxiesOf = (SLUICE_HTTP_PROXIES: string) => readConfig({ SLUICE_HTTP_PROXIES }).http.proxies;
    expect(readConfig({}).http.proxies).toEqual([]);
    expect(proxiesOf('127.0.0.1, 10.0.0.0/8,fd00::/8')).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    for (const wrong of ['proxy.example', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '*', '10.0.0.1,'])
      expect(() => proxiesOf(wrong), wrong).toThrow(/SLUICE_HTTP_PROXIES/);
  });

  test('names the hosts that pages may be read from', () => {
    const hostsOf = (SLUICE_INGEST_HOSTS: string) => readConfig({ SLUICE_INGEST_HOSTS }).ingestHosts;
    expect(hostsOf('Docs.example.com, intranet:8080,[fd00::1]')).toEqual([
      'docs.example.com',
      'intranet:8080',
      '[fd00::1]',
    ]);
    expect(hostsOf('')).toEqual([]);
  });

  test('asks for what signs alerts where somebody is told of them, and shows it to nobody', () => {
    const SLUICE_ALERT_WEBHOOK = 'https://hooks.example.com/a';
    expect(() => readConfig({ SLUICE_ALERT_WEBHOOK })).toThrow(/SLUICE_ALERT_SECRET/);
    expect(() => readConfig({ SLUICE_ALERT_WEBHOOK, SLUICE_ALERT_SECRET: 'short' })).toThrow(/SLUICE_ALERT_SECRET/);
    const { alerts } = readConfig({ SLUICE_ALERT_WEBHOOK, SLUICE_ALERT_SECRET: 'x'.repeat(24) });
    expect(JSON.stringify(alerts)).toBe('{"url":"https://hooks.example.com/a","secret":"[secret]"}');
    expect(alerts!.secret.reveal()).toBe('x'.repeat(24));
    expect(readConfig({ SLUICE_ALERT_SECRET: 'x'.repeat(24) }).alerts).toBeUndefined();
  });

  test('asks for a build id where Worker Versioning is on', () => {
    expect(() => readConfig({ SLUICE_WORKER_VERSIONING: '1' })).toThrow(/SLUICE_BUILD_ID/);
    expect(readConfig({ SLUICE_WORKER_VERSIONING: '1', SLUICE_BUILD_ID: 'abc' }).versioning).toEqual({
      buildId: 'abc',
    });
  });
});
