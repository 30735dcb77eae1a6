/**
 * What is defined in code, against what was locked under its name. An evaluation that was run is compared with the lock
 * where it begins; this shows that the code has been changed since, before anything is run by it.
 */
import type { AnyEvaluation } from '../../dsl/evaluation.ts';
import type { Registration, ScorerSpec } from '../../model/evaluation-spec.ts';
import { judgesOf, registrationChanges } from './registration.ts';
import type { RegistrationChange } from './report.ts';

/**
 * Everything that differs. Versions of the dataset and of documents are none of a definition, and the code of steps is
 * looked at where they run: those count as they were locked.
 *
 * @param scorers of the evaluation that was the first
 */
export function definitionChanges(
  locked: Registration,
  scorers: readonly ScorerSpec[],
  definition: AnyEvaluation,
): readonly RegistrationChange[] {
  const { pipeline, dataset, split, metrics, repeats, alpha } = definition;
  return registrationChanges(locked, {
    pipeline: pipeline.id,
    dataset: { ...locked.dataset, name: dataset.name, split },
    scorerVersions: Object.fromEntries(
      definition.scorers.map(({ id, spec }) => [id, versionNow(locked, scorers, id, spec)]),
    ),
    judges: judgesOf(definition.scorers.map(({ spec }) => spec)),
    metrics,
    repeats,
    alpha,
  });
}

function versionNow(locked: Registration, scorers: readonly ScorerSpec[], id: string, spec: ScorerSpec): string {
  const isSame = scorers.find((scorer) => scorer.id === id)?.definitionHash === spec.definitionHash;
  return (isSame ? locked.scorerVersions[id] : undefined) ?? spec.definitionHash;
}
