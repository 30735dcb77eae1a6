/** What definitions make is what the plan's tools expect: they meet here, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check.ts';
import { diffPlans } from '../../src/plan/diff.ts';
import type { Plan } from '../../src/plan/plan.ts';
import * as example from '../dsl/example.ts';

interface Defined {
  readonly plan: Plan;
  readonly variantOf?: string;
}
const isDefined = (entry: [string, unknown]): entry is [string, Defined] =>
  entry[1] !== null && typeof entry[1] === 'object' && 'plan' in entry[1];
const exported: [string, unknown][] = Object.entries(example);
const defined = exported.filter(isDefined);

describe('every plan that a definition makes', () => {
  it.each(defined)('%s passes the check, also when read back from JSON', (_name, { plan }) => {
    const check = checkPlan(JSON.parse(JSON.stringify(plan)));
    expect(check).toEqual({ ok: true, plan });
  });

  it('of a variant differs from its baseline', () => {
    const variants = defined.filter(([, { variantOf }]) => variantOf !== undefined);
    expect(variants.length).toBeGreaterThan(0);
    for (const [, { plan }] of variants) expect(diffPlans(example.supportBot.plan, plan)).not.toEqual([]);
  });
});
