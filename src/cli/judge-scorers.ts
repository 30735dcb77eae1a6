/** Which evaluation and which of its scorers a user means, and what raters may fill in for a scorer. */
import { SluiceError } from '../base/errors.ts';
import type { KnownScorer, LabelFields } from '../evaluation/calibration/label-file.ts';
import { type ScorerIdentity, type ScorerSpec, scorerIdentity } from '../model/evaluation-spec.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { resolveReference } from './eval-refs.ts';
import { findNamed } from './lookup.ts';
import type { Session } from './session.ts';

type WithEvaluations = Pick<Store, 'evaluations'>;

/** The newest evaluations whose scorers are known by them. */
const LOOKED_THROUGH = 100;

/** @throws SluiceError `evaluation_unknown`, `evaluation_ambiguous`; `usage` where a variant is named */
export async function findJudged(store: WithEvaluations, reference: string): Promise<EvaluationRow> {
  const { row, variant } = await resolveReference(store, reference);
  if (variant === undefined) return row;
  throw new SluiceError('usage', {
    message: `'${reference}' names a variant, and judges are held against people on all of them`,
    remedy: `leave it out: ${row.evaluationId}`,
  });
}

/** @throws SluiceError `scorer_unknown`, `scorer_ambiguous` */
export const findScorer = ({ spec, evaluationId }: EvaluationRow, name: string): ScorerSpec =>
  findNamed({
    kind: 'scorer',
    name,
    among: spec.scorers,
    nameOf: ({ id }) => id,
    whenNone: `${evaluationId} has no scorers`,
  });

/** Of one evaluation's scorer: as the project defines it, where that is the same definition; else as it was kept. */
export async function fieldsFor(session: Session, scorer: ScorerSpec): Promise<LabelFields> {
  const { fieldsOfSpec } = await import('../evaluation/calibration/label-file.ts');
  const defined = (await definedFields(session)).find(({ version }) => version === scorer.definitionHash);
  return defined?.fields ?? fieldsOfSpec(scorer);
}

/** All that labels may be of: those of the newest evaluations, and those that the project defines. */
export async function knownScorers(session: Session, store: WithEvaluations): Promise<readonly KnownScorer[]> {
  const { fieldsOfSpec } = await import('../evaluation/calibration/label-file.ts');
  const rows = await store.evaluations.list({ limit: LOOKED_THROUGH });
  const defined = await definedFields(session);
  const known = new Map<string, KnownScorer>();
  const add = (one: KnownScorer): void => {
    const key = JSON.stringify([one.pipeline, one.scorer, one.version]);
    if (!known.has(key)) known.set(key, one);
  };
  for (const { spec } of rows)
    for (const scorer of spec.scorers) {
      const fields = defined.find(({ version }) => version === scorer.definitionHash)?.fields ?? fieldsOfSpec(scorer);
      add({ ...scorerIdentity(spec, scorer), fields, isEvaluated: true });
    }
  for (const one of defined) add({ ...one, isEvaluated: false });
  return [...known.values()];
}

interface Defined extends ScorerIdentity {
  readonly fields: LabelFields;
}

/** None where there is no project, or none that can be loaded: labels can be read all the same. */
async function definedFields({ services, terminal }: Session): Promise<readonly Defined[]> {
  try {
    const { fieldsOfScorer } = await import('../evaluation/calibration/label-file.ts');
    const definitions = await services.evaluations();
    return [...definitions.values()].flatMap(({ scorers }) =>
      scorers.map((scorer) => ({
        ...scorerIdentity({ pipeline: scorer.pipelineId }, scorer.spec),
        fields: fieldsOfScorer(scorer),
      })),
    );
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    if (error.code !== 'project_missing')
      terminal.note(`${error.message}: fields are checked by what evaluations have kept of their scorers`);
    return [];
  }
}
