/**
 * The suite that every host of the walker must pass. Call `describeHost` from a test file, once per host.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Host } from './host.ts';
import { hostCases } from './host-cases.ts';

export function describeHost(name: string, makeHost: () => Promise<Host>): void {
  describe(`${name} as a host of the walker`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await makeHost();
    });
    afterAll(() => host.close());
    it.each(hostCases)('$name', ({ check }) => check(host));
  });
}
