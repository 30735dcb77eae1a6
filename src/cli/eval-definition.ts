/**
 * A comparison with what the project defines now beside what was locked: who changes a definition after a result is seen is
 * told so, also before anything was run by the changed one.
 */
import type { ComparisonReport, RegistrationCheck } from '../evaluation/compare/comparison-report.ts';
import type { DefinedEvaluations } from '../host/project.ts';
import type { Store } from '../store/store.ts';
import { reportOf } from './report-error.ts';
import type { Session } from './session.ts';

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
