/** The properties are only worth what they catch: each planted bug must make the property named with it fail. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bug, plant } from './mutant.ts';
import {
  anyCallMayFail,
  cancelsAtAnyMoment,
  isDeterministic,
  observesWhatIsReal,
  type PropertyOf,
  sameInAnyOrder,
  startsWhatIsDue,
} from './walk-properties.ts';

const RUNS = { numRuns: 1_000, seed: 20_261_124 };

const bugs: readonly (Bug & { readonly caughtBy: PropertyOf })[] = [
  {
    name: 'any failure stops its scope, needed or not',
    file: 'run.ts',
    passage: 'for (const scope of state.scopes) stopLater(run, scope, error);',
    becomes: 'stopLater(run, state.frame, error);',
    caughtBy: sameInAnyOrder,
  },
  {
    name: 'a map lists its yields in the order they came',
    file: 'place.ts',
    passage: 'yields[index] =',
    becomes: 'yields[known] =',
    caughtBy: sameInAnyOrder,
  },
  {
    name: 'keep-last keeps the round that broke',
    file: 'place.ts',
    passage: 'return endEarly(run, state, node, last, known.error);',
    becomes: 'return endEarly(run, state, node, current, known.error);',
    caughtBy: sameInAnyOrder,
  },
  {
    name: 'a loop is a barrier on the way in',
    file: 'place.ts',
    passage: 'enterRound(run, state, node, 1, node.start, undefined);',
    becomes: `
      const refs = node.nodes.flatMap((inner) => (inner.kind === 'step' ? Object.values(inner.input.$object ?? {}) : []));
      const outer = refs.filter((ref) => '$from' in ref && state.frame.sources.has(ref.$from[0]));
      awaitWirings(state, outer, state.frame, (known) => {
        if ('error' in known) fail(run, state, known.error);
        else enterRound(run, state, node, 1, node.start, undefined);
      });`,
    caughtBy: startsWhatIsDue,
  },
  {
    name: 'a loop is a barrier on the way out',
    file: 'frame.ts',
    passage: 'const narrowed = narrow(wiring, fields);',
    becomes: 'const narrowed = { wiring, fields };',
    caughtBy: startsWhatIsDue,
  },
  {
    name: 'one item too many at a time',
    file: 'place.ts',
    passage: 'place < Math.min(node.concurrency, count)',
    becomes: 'place <= Math.min(node.concurrency, count)',
    caughtBy: startsWhatIsDue,
  },
  {
    name: 'one round too many',
    file: 'place.ts',
    passage: 'round === node.max',
    becomes: 'round > node.max',
    caughtBy: sameInAnyOrder,
  },
  {
    name: 'a mistake is helped like any failure',
    file: 'place.ts',
    passage: 'else if (isMistake(error))',
    becomes: 'else if (isMistake({ ...error, code: "" }))',
    caughtBy: anyCallMayFail,
  },
  {
    name: 'what a loop yields besides the output breaks a round',
    file: 'place.ts',
    passage: '...(run.neededYields.get(node.id) ?? [])',
    becomes: '...Object.values(node.yields)',
    caughtBy: sameInAnyOrder,
  },
  {
    name: 'cancelling cancels only what is under way',
    file: 'run.ts',
    passage: 'for (const state of run.states) cancelNode(run, state, error);',
    becomes: 'for (const state of run.states) if (state.abort) cancelNode(run, state, error);',
    caughtBy: cancelsAtAnyMoment,
  },
  {
    name: 'cancelling leaves calls running',
    file: 'run.ts',
    passage: 'state.abort?.abort();',
    becomes: '',
    caughtBy: cancelsAtAnyMoment,
  },
  {
    name: 'the end of a cancelled call still counts',
    file: 'place.ts',
    passage: 'if (!state.run) then();',
    becomes: 'then();',
    caughtBy: cancelsAtAnyMoment,
  },
  {
    name: 'what was skipped is observed',
    file: '../walk.ts',
    passage: "case 'completed':",
    becomes: "case 'skipped': case 'completed':",
    caughtBy: observesWhatIsReal,
  },
  {
    name: 'what a branch yields is observed, whatever it is made of',
    file: '../walk.ts',
    passage: 'if (state.arm)',
    becomes: 'if (!state)',
    caughtBy: observesWhatIsReal,
  },
  {
    name: 'a part of a loop that was made up makes all of it missing',
    file: '../walk.ts',
    passage: 'const narrowed = narrow(wiring, fields);',
    becomes: 'const narrowed = { wiring, fields };',
    caughtBy: observesWhatIsReal,
  },
];

describe('planted bugs in the walker', () => {
  it.each(bugs)('$name', async (bug) => {
    const result = await fc.check(bug.caughtBy(await plant(bug)), { ...RUNS, endOnFailure: true });
    expect(result.failed).toBe(true);
    expect(result.counterexample).not.toBeNull();
  });
  it('a copy without a bug passes', async () => {
    const copy = await plant({
      name: 'none',
      file: 'place.ts',
      passage: 'export function',
      becomes: 'export function',
    });
    await fc.assert(isDeterministic(copy), { ...RUNS, numRuns: 100 });
    await fc.assert(sameInAnyOrder(copy), { ...RUNS, numRuns: 100 });
  });
});
