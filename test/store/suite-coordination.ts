/** Leases and the catalogue of steps. */
import { describe, expect, test } from 'vitest';
import type { Subject } from './suite.ts';

export function describeCoordination(subject: Subject): void {
  describe('leases', () => {
    test('a lease has one owner until it ends', async () => {
      const { leases } = subject.store;
      expect(await leases.acquire('l1', 'a', 1_000)).toMatchObject({ held: true });
      expect(await leases.acquire('l1', 'b', 1_000)).toEqual({
        held: false,
        lease: { name: 'l1', owner: 'a', expiresAt: subject.at + 1_000 },
      });
      subject.at += 1_000;
      expect(await leases.acquire('l1', 'b', 1_000)).toMatchObject({ held: true, lease: { owner: 'b' } });
      expect(await leases.renew('l1', 'a', 1_000)).toBe(false);
    });

    test('its owner can renew it, while it lasts, and release it', async () => {
      const { leases } = subject.store;
      await leases.acquire('l2', 'a', 1_000);
      subject.at += 900;
      expect(await leases.renew('l2', 'a', 1_000)).toBe(true);
      expect(await leases.acquire('l2', 'a', 5_000)).toMatchObject({ held: true });
      subject.at += 900;
      expect((await leases.acquire('l2', 'b', 1)).held).toBe(false);
      await leases.release('l2', 'b');
      expect((await leases.acquire('l2', 'b', 1)).held).toBe(false);
      await leases.release('l2', 'a');
      expect((await leases.acquire('l2', 'b', 1)).held).toBe(true);
    });
  });

  describe('the catalogue', () => {
    test('shows the steps of live workers, counted', async () => {
      const { catalogue } = subject.store;
      const steps = [{ step: 'rerank@2', effect: 'none' }, { step: 'answer@1' }];
      await catalogue.publish({ workerId: 'w1', taskQueue: 'q', steps, leaseMs: 1_000 });
      await catalogue.publish({ workerId: 'w2', taskQueue: 'q', steps: [{ step: 'answer@1' }], leaseMs: 5_000 });
      await catalogue.publish({ workerId: 'w3', taskQueue: 'other', steps, leaseMs: 5_000 });
      expect(await catalogue.registered('q')).toEqual([
        { step: 'answer@1', taskQueue: 'q', workers: 2 },
        { step: 'rerank@2', effect: 'none', taskQueue: 'q', workers: 1 },
      ]);
      expect(await catalogue.registered()).toHaveLength(4);
    });

    test('a worker that does not renew is gone; one that withdraws, too', async () => {
      const { catalogue } = subject.store;
      await catalogue.publish({ workerId: 'v1', taskQueue: 'r', steps: [{ step: 'old@1' }], leaseMs: 1_000 });
      await catalogue.publish({ workerId: 'v1', taskQueue: 'r', steps: [{ step: 'a@1' }], leaseMs: 1_000 });
      subject.at += 900;
      expect(await catalogue.renew('v1', 1_000)).toBe(true);
      subject.at += 900;
      expect((await catalogue.registered('r')).map(({ step }) => step)).toEqual(['a@1']);
      subject.at += 100;
      expect(await catalogue.registered('r')).toEqual([]);
      expect(await catalogue.renew('v1', 1_000)).toBe(true);
      await catalogue.withdraw('v1');
      expect(await catalogue.renew('v1', 1_000)).toBe(false);
      expect(await catalogue.registered('r')).toEqual([]);
    });

    test('the rows of the long dead are swept', async () => {
      const { catalogue } = subject.store;
      await catalogue.publish({ workerId: 'dead', taskQueue: 's', steps: [], leaseMs: 1 });
      subject.at += 25 * 3_600_000;
      await catalogue.publish({ workerId: 'dead-2', taskQueue: 's', steps: [], leaseMs: 1 });
      subject.at += 25 * 3_600_000;
      // Its own dead row is renewed, not swept.
      await catalogue.publish({ workerId: 'dead-2', taskQueue: 's', steps: [], leaseMs: 1 });
      expect(await catalogue.renew('dead', 1)).toBe(false);
      expect(await catalogue.renew('dead-2', 1)).toBe(true);
    });
  });
}
