/**
 * What holds for every plan and every order of completion, as properties of a walk function: of the walker, which must
 * pass them, and of walkers with a planted bug, which must not.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Json, Plan, Wiring } from '../../src/plan/plan.ts';
import { references } from '../../src/plan/resolve.ts';
import type { Observed } from '../../src/plan/walk.ts';
import { arbitraryPlan, planInput } from './arbitrary-plan.ts';
import { behave } from './behave.ts';
import { type Behave, type Driven, drive, type Moment, type WalkFunction } from './drive.ts';
import { type Expected, interpret } from './reference/interpret.ts';

/** Loosely typed, so that properties over different choices make one list. */
export type PropertyOf = (walk: WalkFunction) => fc.IRawProperty<unknown, true>;

const seeds = fc.tuple(fc.nat(), fc.nat(), fc.nat());

/** Any order of completion gives what the reference says: outcome, output, and how each node ended. */
export const sameInAnyOrder: PropertyOf = (walk) =>
  fc.asyncProperty(arbitraryPlan, seeds, async (plan, orders) => {
    const expected = interpret(plan, planInput, behave);
    for (const seed of orders) matches(await drive(walk, plan, planInput, { seed }), expected);
  });

/** Whenever nothing can happen but a call's end, the calls that were started are the ones whose refs are known. */
export const startsWhatIsDue: PropertyOf = (walk) =>
  fc.asyncProperty(arbitraryPlan, fc.nat(), async (plan, seed) => {
    await drive(walk, plan, planInput, { seed, onQuiet: (moment) => startedWhatIsDue(plan, moment) });
  });

/** Any one call failing for good, or being refused, ends as the reference says. */
export const anyCallMayFail: PropertyOf = (walk) =>
  fc.asyncProperty(arbitraryPlan, fc.nat(), fc.nat(), fc.boolean(), async (plan, seed, which, mistake) => {
    const names = [...interpret(plan, planInput, behave).calls.keys()];
    if (names.length === 0) return;
    const failing = names[which % names.length];
    const behaves: Behave = (node, key, call, input) =>
      `${key} ${call}` === failing ? { failure: mistake ? 'mistake' : 'ordinary' } : behave(node, key, call, input);
    matches(await drive(walk, plan, planInput, { seed, behaves }), interpret(plan, planInput, behaves));
  });

/** Cancelled at any moment: all that is under way is aborted, nothing starts, everything settles. */
export const cancelsAtAnyMoment: PropertyOf = (walk) =>
  fc.asyncProperty(arbitraryPlan, fc.nat(), fc.nat({ max: 12 }), async (plan, seed, cancelAfter) => {
    const driven = await drive(walk, plan, planInput, { seed, cancelAfter });
    settled(driven);
    const { atCancel, started, seen, result } = driven;
    if (!atCancel) return; // it had finished before
    expect(started.length).toBe(atCancel.startedCount);
    expect(atCancel.underWay.every(({ signal }) => signal.aborted)).toBe(true);
    expect(seen.slice(atCancel.seenCount).every(({ outcome }) => outcome === 'cancelled')).toBe(true);
    if (atCancel.output) {
      expect(driven.output).toBe(atCancel.output); // an answer given stays given
    } else {
      expect(result.outcome).toBe('cancelled');
      expect(driven.output).toMatchObject({ outcome: 'cancelled' });
    }
  });

/** The same plan and the same order of completion make the same calls, in the same sequence. */
export const isDeterministic: PropertyOf = (walk) =>
  fc.asyncProperty(arbitraryPlan, fc.nat(), async (plan, seed) => {
    const first = await drive(walk, plan, planInput, { seed });
    const second = await drive(walk, plan, planInput, { seed });
    expect(callsOf(second)).toEqual(callsOf(first));
    expect(second.result.nodes.map(withoutError)).toEqual(first.result.nodes.map(withoutError));
  });

/**
 * Observing changes nothing, gives what readers get, and nothing that was made up: what stands in is marked by its words.
 * Every plan's `main` is one text, so it is missing exactly where that text is marked; flags carry no mark.
 */
export const observesWhatIsReal: PropertyOf = (walk) =>
  fc.asyncProperty(arbitraryPlan, fc.nat(), fc.boolean(), async (plan, seed, cancelled) => {
    const main = (plan.output as { $object: { main: Wiring } }).$object.main;
    const refs = references(plan.output).map((ref): Wiring => ({ $from: ref }));
    const observe: Wiring[] = [plan.output, main, ...refs, ...plan.nodes.map(({ id }): Wiring => ({ $from: [id] }))];
    const driven = await drive(walk, plan, planInput, { seed, observe, ...(cancelled && { cancelAfter: 3 }) });
    if (!cancelled) matches(driven, interpret(plan, planInput, behave));
    const observed = driven.result.observed!;
    expect(observed.length).toBe(observe.length);
    for (const each of observed) isReal(each, driven);
    if (!('value' in driven.output)) return;
    const output = driven.output.value as { readonly main: Json };
    expect('value' in observed[1]!).toBe(!isMarked(output.main));
    if ('value' in observed[0]!) expect(observed[0].value).toEqual(output);
    else if (!driven.result.nodes.some(({ outcome }) => STANDS_IN.has(outcome))) expect.fail('the output is real');
  });

const STANDS_IN: ReadonlySet<string> = new Set(['or-else', 'skipped']);
const isMarked = (value: Json) => /instead of|spare/.test(JSON.stringify(value));

function isReal(observed: Observed, { result }: Driven): void {
  if ('value' in observed) {
    expect(isMarked(observed.value)).toBe(false);
  } else if (observed.missing !== 'absent') {
    const { missing, node } = observed;
    expect(result.nodes).toContainEqual(expect.objectContaining({ node, outcome: missing }));
  }
}

const callsOf = (driven: Driven) => driven.started.map(({ key, call, input }) => ({ key, call, input }));
const withoutError = ({ error: _, ...rest }: Driven['result']['nodes'][number]) => rest;

/** Keys are unique, every node run has ended, and views were told of each exactly once. */
function settled({ result, started, seen }: Driven): void {
  expect(new Set(result.nodes.map(({ key }) => key)).size).toBe(result.nodes.length);
  expect(new Set(started.map(({ key, call }) => `${key} ${call}`)).size).toBe(started.length);
  expect([...seen].sort(byKey)).toEqual([...result.nodes].sort(byKey));
}
const byKey = (one: { key: string }, other: { key: string }) => (one.key < other.key ? -1 : 1);

/**
 * Timing never decides the outcome of the run or its output. How a node ended it may decide only in a scope that
 * could not deliver: there a node may be cancelled, or never entered, instead of ending as it would have.
 */
function matches(driven: Driven, expected: Expected): void {
  settled(driven);
  if (expected.racy) return;
  expect(driven.result.outcome).toBe(expected.outcome);
  if ('value' in driven.output) expect(driven.output.value).toEqual(expected.output);
  else expect([...expected.culprits]).toContain(driven.output.error.key);
  const told = new Map(driven.result.nodes.map(({ key, outcome }) => [key, outcome]));
  for (const [key, outcome] of told) {
    const node = expected.nodes.get(key);
    const allowed = outcome === 'cancelled' ? node?.doomed : node?.outcomes.has(outcome);
    if (!allowed) expect.fail(`'${key}' ended ${outcome}, not ${[...(node?.outcomes ?? ['at all'])]}`);
  }
  for (const [key, { doomed }] of expected.nodes) if (!doomed && !told.has(key)) expect.fail(`'${key}' did not run`);
}

function startedWhatIsDue(plan: Plan, { started, ended }: Moment): void {
  const due = interpret(plan, planInput, (_node, key, call) => ended.get(`${key} ${call}`) ?? 'pending');
  if (due.racy) return;
  const made = new Map(started.map(({ key, call, input }) => [`${key} ${call}`, JSON.stringify(input)]));
  for (const [name, { doomed }] of due.calls) if (!doomed && !made.has(name)) expect.fail(`'${name}' was due`);
  for (const [name, input] of made) {
    const call = due.calls.get(name);
    if (!call || JSON.stringify(call.input) !== input) expect.fail(`'${name}' was not due, or not with ${input}`);
  }
}
