/** The scorers of an experiment: those that need nothing but a finished run, and on how many runs they are asked. */
import { LIMITS } from '../plan/plan-limits.ts';
import { checkList, readScorer } from './evaluation-parts.ts';
import type { Internals } from './internals.ts';
import { checkKeys, refuse, show } from './refuse.ts';
import type { AnyScorer, Scorer } from './scorer.ts';
import type { WiringError } from './wiring.ts';

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
