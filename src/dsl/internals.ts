/**
 * What a finished pipeline knows beyond its public face: every id and how to wire there again, and what a finished run
 * shows to scorers. Kept aside from the
 * object that authors hold, so that its printed form stays small and nobody comes to depend on it.
 */
import type { Draft } from './draft.ts';
import type { AnyPipeline } from './edit.ts';
import { refuse, show } from './refuse.ts';

export interface Internals extends AnyPipeline {
  readonly known: Draft['known'];
  /** What the nodes show at the end, and what ids of used pipelines stand for: a variant's are its baseline's. */
  readonly outputs: Draft['outputs'];
  readonly aliases: Draft['aliases'];
}

const INTERNALS = new WeakMap<object, Internals>();

/** Keeps the internals of a pipeline, and returns it. */
export function remember<P extends AnyPipeline>(pipeline: P, internals: Internals): P {
  INTERNALS.set(pipeline, internals);
  return pipeline;
}

/** The internals of a pipeline or variant; refuses anything else. */
export function internalsOf(pipeline: unknown, at: string): Internals {
  const internals = typeof pipeline === 'object' && pipeline !== null ? INTERNALS.get(pipeline) : undefined;
  return (
    internals ??
    refuse(
      'not_a_pipeline',
      `${at} is given ${show(pipeline)} as its pipeline`,
      'give what .output(...) or .variant(...) returned',
    )
  );
}
