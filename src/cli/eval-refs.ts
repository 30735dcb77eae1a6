/**
 * What a user means by an evaluation: its id or the beginning of it, with or without `eval-`; or the name that
 * `defineEvaluation` has, which is the latest that was run as it is defined and has ended. `REF:variant` is one of its
 * variants.
 */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import type { ComparisonReport, RegistrationCheck } from '../evaluation/compare/comparison-report.ts';
import type { ChosenEvaluation } from '../evaluation/compare/sides.ts';
import type { DefinedEvaluations } from '../host/project.ts';
import type { EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { reportOf } from './command.ts';
import { findNamed } from './lookup.ts';
import type { Session } from './session.ts';

type WithEvaluations = Pick<Store, 'evaluations'>;

const PREFIX = 'eval-';
/** How many of a name are looked through for one that has ended. */
const LOOKED_THROUGH = 50;
const ENDED: ReadonlySet<EvaluationState> = new Set(['completed', 'partial']);

/** @throws SluiceError `evaluation_unknown` with the nearest, `evaluation_ambiguous` */
export async function findEvaluation({ evaluations }: WithEvaluations, given: string): Promise<EvaluationRow> {
  try {
    return await evaluations.get(given);
  } catch (error) {
    const isOther = given.startsWith(PREFIX) || given === '';
    if (isOther || !(error instanceof SluiceError) || error.code !== 'evaluation_unknown') throw error;
  }
  return evaluations.get(PREFIX + given);
}

/** The newest of all. @throws SluiceError `evaluation_unknown` */
export async function latestEvaluation({ evaluations }: WithEvaluations): Promise<EvaluationRow> {
  const [row] = await evaluations.list({ limit: 1 });
  if (row !== undefined) return row;
  throw new SluiceError('evaluation_unknown', {
    message: 'no evaluation was made yet',
    remedy: 'make one: sluice eval run EVALUATION',
  });
}

export const hasEnded = ({ state }: Pick<EvaluationRow, 'state'>): boolean => ENDED.has(state);

export interface NamedEvaluation extends ChosenEvaluation {
  /** Whether it was given by a definition's name, so that which one that is has to be said. */
  readonly isByName: boolean;
}

/**
 * The evaluation that `ID`, `ID:variant`, `NAME` or `NAME:variant` means.
 *
 * @throws SluiceError `evaluation_unknown`, `evaluation_ambiguous`, `variant_unknown`, `variant_ambiguous`
 */
export async function resolveReference(store: WithEvaluations, reference: string): Promise<NamedEvaluation> {
  const [given = '', variant] = splitReference(reference);
  const ofName = await store.evaluations.list({ name: given, limit: LOOKED_THROUGH });
  const named = likeliest(ofName);
  const row = named ?? (await findEvaluation(store, given).catch((error) => rethrowUnknown(store, given, error)));
  return {
    row,
    isByName: named !== undefined,
    variant: variant === undefined ? undefined : findVariant(row, variant),
  };
}

/** Of the newest first: one that was run as it is defined before what was explored, that before an A/A, ended before others. */
export function likeliest(rows: readonly EvaluationRow[]): EvaluationRow | undefined {
  const ended = rows.filter(hasEnded);
  const ofVariants = ended.filter(({ spec }) => spec.mode === 'compare');
  return ofVariants.find(({ spec }) => spec.definition !== null) ?? ofVariants[0] ?? ended[0] ?? rows[0];
}

/** A name that is misspelt is near a name, not an id. */
async function rethrowUnknown({ evaluations }: WithEvaluations, given: string, error: unknown): Promise<never> {
  if (!(error instanceof SluiceError) || error.code !== 'evaluation_unknown') throw error;
  const rows = await evaluations.list({ limit: LOOKED_THROUGH });
  const known = [...new Set(rows.map(({ name }) => name)), ...rows.map(({ evaluationId }) => evaluationId)];
  throw new SluiceError('evaluation_unknown', {
    message: `there is no evaluation '${given}'`,
    remedy: suggest(given, known, 'make one: sluice eval run EVALUATION'),
    data: { name: given },
  });
}

/** Neither ids nor names have a colon. */
function splitReference(reference: string): readonly [evaluation: string, variant?: string] {
  const at = reference.indexOf(':');
  return at === -1 ? [reference] : [reference.slice(0, at), reference.slice(at + 1)];
}

/** Its place among the evaluation's variants. @throws SluiceError `variant_unknown`, `variant_ambiguous` */
export function findVariant({ evaluationId, spec }: EvaluationRow, name: string): number {
  const variant = findNamed({
    kind: 'variant',
    name,
    among: spec.variants,
    nameOf: (each) => each.name,
    whenNone: `${evaluationId} has no variants`,
  });
  return spec.variants.indexOf(variant);
}

/** Which evaluation a name has come to mean. */
export const namedLines = (named: readonly NamedEvaluation[]): readonly string[] =>
  named
    .filter(({ isByName }) => isByName)
    .map(({ row }) => {
      const how = row.spec.definition === null ? 'that has ended, exploratory' : 'that has ended as it is defined';
      return `the latest of '${row.name}' ${hasEnded(row) ? how : `(${row.state})`}: ${row.evaluationId}`;
    });

/**
 * The report, its registrations with the changes that the code has by now.
 *
 * @param options `mustCheck`: a project that cannot be loaded is an error, and not only noted
 */
export async function withDefinition(
  session: Session,
  store: Pick<Store, 'evaluations'>,
  report: ComparisonReport,
  options: { readonly mustCheck: boolean },
): Promise<ComparisonReport> {
  const registered = report.registrations.filter(({ state }) => state !== 'unregistered');
  if (registered.length === 0) return report;
  const definitions = await definitionsOf(session, options);
  const nameOf = (check: RegistrationCheck) =>
    report.sides.find(({ evaluationId }) => evaluationId === check.evaluationId)!.name;
  const registrations = await Promise.all(
    report.registrations.map(async (check) => {
      if (check.state !== 'kept') return check;
      const changes = await changesNow(store, nameOf(check), definitions);
      return changes.length === 0 ? check : { ...check, state: 'changed' as const, changes };
    }),
  );
  return { ...report, registrations };
}

async function definitionsOf(
  { services, terminal }: Session,
  { mustCheck }: { readonly mustCheck: boolean },
): Promise<DefinedEvaluations> {
  try {
    return await services.evaluations();
  } catch (error) {
    if (mustCheck) throw error;
    terminal.note(`not compared with what is defined now: ${reportOf(error).message.split('\n')[0]}`);
    return new Map();
  }
}

async function changesNow(
  { evaluations }: Pick<Store, 'evaluations'>,
  name: string,
  definitions: DefinedEvaluations,
): Promise<RegistrationCheck['changes']> {
  const definition = definitions.get(name);
  const locked = definition && (await evaluations.registration(name));
  if (definition === undefined || locked === undefined) return [];
  const { definitionChanges } = await import('../evaluation/compare/registration.ts');
  const first = await evaluations.get(locked.evaluationId);
  return definitionChanges(locked.content, first.spec.scorers, definition).map((change) => ({
    ...change,
    what: `${change.what} (in code now)`,
  }));
}
