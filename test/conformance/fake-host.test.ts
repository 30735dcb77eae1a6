import { describe, expect, it } from 'vitest';
import { createFakeHost, type Fault } from './fake-host.ts';
import { hostCases } from './host-cases.ts';
import { describeHost } from './host-conformance.ts';

describeHost('the fake host', createFakeHost);

/** The suite is only worth what it catches: with each fault in the host, cases about that must fail. */
const faults: { readonly [Name in Fault]: RegExp } = {
  'retries-refusals': /not tried again/,
  'uncapped-backoff': /up to their limit/,
  'ignores-retry-after': /^Retry-After/,
  'no-timeout': /^a timeout/,
  'retries-cancelled': /^cancelling/,
};

describe('a host with a planted fault', () => {
  it.each(Object.keys(faults) as Fault[])('%s', async (fault) => {
    const host = await createFakeHost(fault);
    const failed: string[] = [];
    for (const { name, check } of hostCases) await check(host).catch(() => failed.push(name));
    expect(failed.some((name) => faults[fault].test(name))).toBe(true);
    expect(failed.length).toBeLessThan(hostCases.length / 2);
  });
});
