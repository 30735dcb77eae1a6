/**
 * What an evaluation declares before anyone has seen a result, and what of it has changed since it was locked. A change
 * afterwards may have been made for the result's sake, so it is named in words, and never let pass.
 */

import type { AnyEvaluation } from '../../dsl/evaluation.ts';
import {
  type EvaluationPins,
  type EvaluationSpec,
  isJudge,
  type MetricSource,
  type MetricSpec,
  type Registration,
  type ScorerSpec,
} from '../../model/evaluation-spec.ts';
import type { EvaluationFacts, RegistrationChange, RegistrationCheck } from './comparison-report.ts';

/** What is to be locked. Variants are none of it: that others are tried is what an evaluation is for. */
export function registrationOf(
  spec: EvaluationSpec,
  { scorerVersions }: Pick<EvaluationPins, 'scorerVersions'>,
): Registration {
  const { pipeline, metrics, repeats, alpha } = spec;
  const { name, version, split, tag, examples } = spec.dataset;
  return Object.freeze({
    pipeline,
    dataset: Object.freeze({ name, version, split, tag, examples }),
    scorerVersions,
    judges: judgesOf(spec.scorers),
    metrics,
    repeats,
    alpha,
  });
}

/** Everything that differs. A field that the locked content was stored without is no difference. */
export function registrationChanges(locked: Registration, now: Registration): readonly RegistrationChange[] {
  return Object.freeze([
    ...changes(settingsOf(locked), settingsOf(now)),
    ...changes({ ...locked.dataset }, { ...now.dataset }, ' of the dataset'),
    ...metricChanges(locked.metrics, now.metrics),
    ...scorerChanges(locked.scorerVersions, now.scorerVersions),
    ...judgeChanges(locked.judges, now.judges),
  ]);
}

/** Whether an evaluation is what was locked under its name. Before it has begun, its scorers' versions are not known. */
export function checkRegistration({ evaluationId, spec, pins, locked }: EvaluationFacts): RegistrationCheck {
  if (locked === null || spec.definition === null || pins === null) {
    return Object.freeze({ evaluationId, state: 'unregistered', changes: Object.freeze([]) });
  }
  const found = registrationChanges(locked, registrationOf(spec, pins));
  return Object.freeze({ evaluationId, state: found.length === 0 ? 'kept' : 'changed', changes: found });
}

type Value = string | number | null;
type Fields = { readonly [field: string]: Value };

const inWords = (value: Value | undefined): string => (value === null || value === undefined ? 'none' : String(value));

const change = (what: string, from: Value | undefined, to: Value | undefined): RegistrationChange =>
  Object.freeze({ what, from: inWords(from), to: inWords(to) });

function changes(from: Fields, to: Fields, of = ''): readonly RegistrationChange[] {
  return Object.keys(from)
    .filter((field) => from[field] !== to[field])
    .map((field) => change(`${field}${of}`, from[field], to[field]));
}

const settingsOf = ({ pipeline, repeats, alpha }: Registration): Fields => ({ pipeline, repeats, alpha });

const nameOf = ({ role, name }: MetricSpec): string => `${role} '${name}'`;

const sourceOf = (source: MetricSource): string =>
  source.from === 'run' ? `run.${source.field}` : `${source.scorer}.${source.field}`;

const fieldsOf = ({ name: _, source, ...fields }: MetricSpec): Fields => ({ ...fields, source: sourceOf(source) });

function metricChanges(locked: readonly MetricSpec[], now: readonly MetricSpec[]): readonly RegistrationChange[] {
  const before = new Map(locked.map((metric) => [metric.name, metric]));
  const after = new Map(now.map((metric) => [metric.name, metric]));
  const order = (metrics: readonly MetricSpec[]): string =>
    metrics
      .map(({ name }) => name)
      .filter((name) => before.has(name) && after.has(name))
      .join(', ');
  return [
    ...locked.flatMap((metric) => {
      const other = after.get(metric.name);
      if (other === undefined) return [change(nameOf(metric), 'declared', 'not declared')];
      return changes(fieldsOf(metric), fieldsOf(other), ` of ${nameOf(metric)}`);
    }),
    ...now.flatMap((metric) => (before.has(metric.name) ? [] : [change(nameOf(metric), 'not declared', 'declared')])),
    ...changes({ 'order of metrics': order(locked) }, { 'order of metrics': order(now) }),
  ];
}

/** Ids of the scorers that are judges, as they are locked. */
const judgesOf = (scorers: readonly ScorerSpec[]): readonly string[] =>
  scorers
    .filter(isJudge)
    .map(({ id }) => id)
    .sort();

function judgeChanges(locked: Registration['judges'], now: Registration['judges']): readonly RegistrationChange[] {
  const inWords = (judges: readonly string[] = []): string => judges.join(', ') || 'none';
  return locked === undefined ? [] : changes({ judges: inWords(locked) }, { judges: inWords(now) });
}

type Versions = Registration['scorerVersions'];

function scorerChanges(locked: Versions, now: Versions): readonly RegistrationChange[] {
  const [before, after] = [new Map(Object.entries(locked)), new Map(Object.entries(now))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((scorer) => before.get(scorer) !== after.get(scorer))
    .map((scorer) => change(`version of scorer '${scorer}'`, before.get(scorer), after.get(scorer)));
}

// What is defined in code, against what was locked under its name. An evaluation that was run is compared with the lock
// where it begins; this shows that the code has been changed since, before anything is run by it.

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
