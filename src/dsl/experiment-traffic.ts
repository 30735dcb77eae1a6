/** Who is in an experiment, and which arm they get: what is written of it, checked. */
import { suggest } from '../base/nearest.ts';
import { checkUnit, WEIGHT_SLACK } from '../model/assign.ts';
import type { SpecArm } from '../model/experiment-spec.ts';
import { planId } from '../plan/id.ts';
import type { Wiring } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { Internals, WiringFunction } from './draft.ts';
import type { AnyPipeline, AnyVariant } from './edit.ts';
import { checkList, readScorer } from './evaluation.ts';
import { callWiring } from './lower.ts';
import { factsOf, type Ref, refTo, type WiringError } from './ref.ts';
import { checkKeys, checkObject, refuse, show } from './refuse.ts';
import type { AnyScorer, Scorer } from './scorer.ts';
import { fieldAt, isBoolean, isText, type Schema } from './shape.ts';

/** A weight per arm. */
export type Weights<Name extends string> = { readonly [Arm in 'baseline' | Name]: number };

export interface Traffic<Name extends string> {
  /** The part of all units that is in the experiment, above 0 and at most 1. */
  readonly share: number;
  /** Of each arm, within the share: each above 0, together 1. */
  readonly weights: Weights<Name>;
}

/** What `unit` and `target` are given: the input of a run that is about to start. */
export interface InputScope<Input> {
  readonly input: Ref<Input>;
}

const BASELINE = 'baseline';

/** The arms with their weights, the baseline first. */
export function readTraffic(given: unknown, variants: readonly AnyVariant[], at: string) {
  const where = `${at}: traffic`;
  checkKeys(given, ['share', 'weights'], where);
  const { share, weights } = given as { readonly share?: unknown; readonly weights?: unknown };
  if (!(typeof share === 'number' && share > 0 && share <= 1))
    refuse('share_invalid', `${where}: share is ${show(share)}`, 'give a number above 0 and at most 1: a fifth is 0.2');
  return { share, arms: readArms(weights, variants, `${where}: weights`) };
}

function readArms(given: unknown, variants: readonly AnyVariant[], at: string): readonly SpecArm[] {
  checkKeys(given, [BASELINE, ...variants.map(({ name }) => name)], at);
  const weights = new Map<string, unknown>(Object.entries(given));
  const arms = [{ name: BASELINE, edits: [] }, ...variants].map(({ name, edits }): SpecArm => {
    const weight = weights.get(name);
    if (weight === undefined)
      return refuse('weight_missing', `${at}: '${name}' has none`, `give '${name}' a weight above 0`, { arm: name });
    if (typeof weight !== 'number' || !(weight > 0))
      return refuse(
        'weight_invalid',
        `${at}: that of '${name}' is ${show(weight)}`,
        name === BASELINE
          ? 'give a number above 0: without a baseline nothing is compared'
          : 'give a number above 0, or leave the variant out',
        { arm: name },
      );
    return { name, weight, edits };
  });
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  if (!(Math.abs(total - 1) <= WEIGHT_SLACK))
    refuse('weights_sum', `${at} sum to ${Number(total.toPrecision(12))}`, 'let them sum to 1', { total });
  return arms;
}

/** Refuses arms between which there is no difference to find. */
export function checkArmsDiffer(pipeline: AnyPipeline, variants: readonly AnyVariant[], at: string): void {
  if (variants.length === 0)
    refuse('variants_none', `${at} has no variants`, "give at least one: .variant('name', (edit) => edit...)");
  const seen = new Map([[planId(pipeline.plan), 'the baseline']]);
  for (const { name, plan } of variants) {
    const id = planId(plan);
    const same = seen.get(id);
    if (same !== undefined)
      refuse(
        'variant_same',
        `${at}: variant '${name}' is the same plan as ${same}`,
        'let it edit something, or leave it out',
        { variant: name, planId: id },
      );
    seen.set(id, `variant '${name}'`);
  }
}

/** Units that get an arm by name. */
export function readOverrides(
  given: unknown,
  arms: readonly SpecArm[],
  at: string,
): { readonly [unit: string]: string } {
  const where = `${at}: overrides`;
  checkObject(given, where);
  const entries = Object.entries(given);
  if (entries.length > LIMITS.overrides)
    refuse('limit_exceeded', `${where}: there are ${entries.length}`, `use at most ${LIMITS.overrides}`);
  const names = arms.map(({ name }) => name);
  for (const [unit, arm] of entries) {
    checkOverridden(unit, where);
    if (!names.includes(arm))
      refuse(
        'override_arm',
        `${where}: ${show(unit)} gets ${show(arm)}, which is no arm`,
        suggest(String(arm), names, ''),
      );
  }
  return Object.fromEntries(entries);
}

function checkOverridden(unit: string, at: string): void {
  try {
    checkUnit(unit);
  } catch (error) {
    const { message, remedy } = error as { readonly message: string; readonly remedy: string };
    refuse('unit_invalid', `${at}: ${show(unit)}: ${message}`, remedy);
  }
}

/** A ref into the input, to a text: who is randomised. */
export function lowerUnit(internals: Internals, wiring: WiringFunction, at: string): Wiring {
  return lowerInputRef(internals, wiring, isText, {
    ...{ at: `${at}: unit`, what: 'a text' },
    remedy:
      'return a ref to a text of the input, ({ input }) => input.userId; or leave it out, and let callers name the unit',
  });
}

/** A ref into the input, to a boolean: whether the run is in the experiment. */
export function lowerTarget(internals: Internals, wiring: WiringFunction, at: string): Wiring {
  return lowerInputRef(internals, wiring, isBoolean, {
    ...{ at: `${at}: target`, what: 'a boolean' },
    remedy: 'let callers put the boolean into the input, and return a ref to it',
  });
}

interface Wanted {
  readonly at: string;
  readonly what: string;
  readonly remedy: string;
}

/** Nothing has run yet where arms are decided, so there is nothing to compute with. */
function lowerInputRef(
  { input }: Internals,
  wiring: WiringFunction,
  fits: (schema: Schema) => boolean,
  { at, what, remedy }: Wanted,
): Wiring {
  const facts = factsOf(callWiring({ input: refTo(input, ['input']) }, wiring, at));
  if (!facts || !fits(facts.schema)) return refuse('input_ref', `${at} is no ref to ${what}`, remedy);
  const [head, ...path] = facts.source;
  if (head !== 'input' || fieldAt(input, path) === undefined)
    refuse(
      'ref_elsewhere',
      `${at} is wired to '${facts.source.join('.')}', which it cannot see`,
      'use only the refs that the wiring function is given',
    );
  return { $from: facts.source };
}

/** A scorer, or one with the part of the runs that it scores. */
export type Sampled =
  | AnyScorer
  | {
      readonly scorer: AnyScorer;
      /** Above 0 and at most 1. */
      readonly sample: number;
    };

/** The scorers of what is listed. */
export type ScorersOf<Entry> = Entry extends { readonly scorer: infer One extends AnyScorer }
  ? One
  : Entry extends AnyScorer
    ? Entry
    : never;

/** What is listed, if it fits; else a sentence that says why not. */
export type FitsLive<PipelineId extends string, Entry> = Entry extends unknown
  ? ScorersOf<Entry> extends Scorer<infer Id, infer Of, infer Expected, unknown>
    ? [Of] extends [PipelineId]
      ? unknown extends Expected
        ? Entry
        : WiringError<`scorer '${Id}' reads an example, which a live run does not have`>
      : WiringError<`scorer '${Id}' is of '${Of}', not of '${PipelineId}'`>
    : never
  : never;

export interface ReadSampled {
  readonly scorer: AnyScorer;
  readonly sample: number;
}

export function readSampled(given: unknown, pipeline: Internals, at: string): readonly ReadSampled[] {
  checkList(given, LIMITS.scorers, `${at}: scorers`);
  const taken = new Set<string>();
  return given.map((entry): ReadSampled => {
    const { scorer: listed, sample } = isSampled(entry) ? entry : { scorer: entry, sample: 1 };
    const scorer = readScorer(listed, taken, pipeline, at);
    if (isSampled(entry)) checkKeys(entry, ['scorer', 'sample'], `${at}: scorer '${scorer.id}'`);
    if (!(typeof sample === 'number' && sample > 0 && sample <= 1))
      refuse(
        'sample_invalid',
        `${at}: scorer '${scorer.id}': sample is ${show(sample)}`,
        'give the part of the runs that it scores, above 0 and at most 1',
      );
    checkLive(scorer, at);
    return { scorer, sample };
  });
}

function checkLive({ id, kind, dataset }: AnyScorer, at: string): void {
  if (dataset !== undefined)
    refuse(
      'scorer_needs_example',
      `${at}: scorer '${id}' reads an example, which a live run does not have`,
      'use one that is defined without a dataset',
      { scorer: id, dataset },
    );
  if (kind !== 'step')
    refuse(
      'scorer_not_live',
      `${at}: scorer '${id}' ${kind === 'pair' ? 'compares two runs' : 'asks people'}, which cannot be done as runs come in`,
      'use one of defineScorer',
      { scorer: id },
    );
}

function isSampled(entry: unknown): entry is { readonly scorer: unknown; readonly sample: unknown } {
  return typeof entry === 'object' && entry !== null && 'scorer' in entry;
}
