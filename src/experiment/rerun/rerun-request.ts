/** From a variant and what scores it to what a backtest or a shadow is asked to do. */
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { AnyScorer } from '../../dsl/scorer.ts';
import { isIn } from '../../model/assign.ts';
import type { MetricSpec, ScorerSpec } from '../../model/evaluation-spec.ts';
import { RERUN_FORMAT, type RerunKind, type RerunSpec } from '../../model/rerun-spec.ts';
import { sourcesOf } from '../../plan/nodes.ts';
import type { NodeEdit } from '../../plan/plan.ts';
import type { Shadowing } from '../../store/reruns.ts';
import type { Store } from '../../store/store.ts';

export interface RerunRequest {
  readonly kind: RerunKind;
  readonly pipeline: string;
  /** Its own name, and what it edits. */
  readonly variant: { readonly name: string; readonly edits: readonly NodeEdit[] };
  readonly from?: string;
  readonly scorers: readonly ScorerSpec[];
}

const ALPHA = 0.05;

/** @throws SluiceError `edits_none` where nothing would differ */
export function rerunSpecOf({ kind, pipeline, variant, from, scorers }: RerunRequest): RerunSpec {
  if (variant.edits.length === 0 && from === undefined)
    throw new SluiceError('edits_none', {
      message: `'${variant.name}' edits nothing: each run would be what it was`,
      remedy: 'name a variant: --variant NAME; or a node from which on everything is called again: --from NODE',
    });
  return Object.freeze({
    ...{ format: RERUN_FORMAT, kind, pipeline, variant: variant.name, edits: variant.edits, from: from ?? null },
    ...{ scorers, metrics: metricsOf(scorers), alpha: ALPHA },
  });
}

/**
 * The scorers of a pipeline that can score recorded runs: a live run has no expected answer, and nobody who labels it.
 *
 * @param names only these; default: all
 * @throws SluiceError `scorer_unknown` with the nearest name, `scorer_unfit`
 */
export function scorersFor(known: readonly AnyScorer[], names?: readonly string[]): readonly ScorerSpec[] {
  const byId = new Map(known.map((scorer) => [scorer.id, scorer.spec]));
  if (names === undefined) return [...byId.values()].filter((spec) => whyUnfit(spec) === undefined);
  return [...new Set(names)].map((name) => {
    const spec = byId.get(name);
    if (spec === undefined)
      throw new SluiceError('scorer_unknown', {
        message: `there is no scorer '${name}' among the evaluations of this pipeline`,
        remedy: suggest(name, [...byId.keys()], 'add one to an evaluation of it: see defineScorer'),
      });
    const why = whyUnfit(spec);
    if (why === undefined) return spec;
    throw new SluiceError('scorer_unfit', {
      message: `'${name}' cannot score recorded runs: ${why}`,
      remedy: 'leave it out of --scorers, or score examples that have answers: sluice eval run',
    });
  });
}

function whyUnfit({ kind, input }: ScorerSpec): string | undefined {
  if (kind === 'human') return 'people give its scores';
  const expected = [...sourcesOf(input)].find(([head]) => head === 'expected' || head === 'relevant');
  return expected && `it reads '${expected.join('.')}', which only examples have`;
}

/** One per score, each with a verdict of its own; and what every run has, which decides nothing. */
function metricsOf(scorers: readonly ScorerSpec[]): readonly MetricSpec[] {
  const plain = { above: null, minimumEffect: null, margin: null } as const;
  const scores = scorers.flatMap(({ id, kind, fields }) =>
    Object.entries(fields).map(([field, { better, format, worst, best }]): MetricSpec => {
      const isRate = format === 'share' && Math.min(worst, best ?? 1) === 0 && Math.max(worst, best ?? 1) === 1;
      const of = kind === 'pair' ? 'win-rate' : isRate ? 'rate' : 'mean';
      const source = { from: 'score', scorer: id, field } as const;
      return { ...plain, name: `${id}.${field}`, role: 'primary', kind: of, source, better, format };
    }),
  );
  const facts = [
    ['failed', 'failed', 'rate', 'share'],
    ['latency', 'latencyMs', 'mean', 'ms'],
    ['cost', 'costUsd', 'mean', 'usd'],
  ] as const;
  return [
    ...scores,
    ...facts.map(([name, field, kind, format]): MetricSpec => {
      const source = { from: 'run', field } as const;
      return { ...plain, name, role: 'secondary', kind, source, better: 'lower', format };
    }),
  ];
}

/**
 * Takes a live run into the shadows of its pipeline, once it is recorded. A share of the runs, found by hash: asking again
 * is asking once. Where nothing is shadowed, nothing is asked.
 */
type ShadowStore = Pick<Store, 'reruns'>;

interface Known {
  readonly shadows: Promise<readonly Shadowing[]>;
  readonly until: number;
}

/** So long a shadow that has begun, or was stopped, may not be noticed. */
const KNOWN_MS = 1_000;
const known = new WeakMap<ShadowStore['reruns'], Known>();

/** @throws what the store throws */
export async function enqueueShadows(store: ShadowStore, { runId }: { readonly runId: string }): Promise<void> {
  const shadows = await shadowing(store);
  const taken = shadows.filter(({ rerunId, share }) => isIn(`shadow.${rerunId}`, runId, [0, share]));
  if (taken.length === 0) return;
  await store.reruns.enqueue(
    taken.map(({ rerunId }) => rerunId),
    runId,
  );
}

function shadowing({ reruns }: ShadowStore): Promise<readonly Shadowing[]> {
  const kept = known.get(reruns);
  if (kept !== undefined && performance.now() < kept.until) return kept.shadows;
  const shadows = reruns.shadowing();
  known.set(reruns, { shadows, until: performance.now() + KNOWN_MS });
  shadows.catch(() => known.delete(reruns));
  return shadows;
}
