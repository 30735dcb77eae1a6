/** What a metrics function returned: metrics under the roles that they were given. */
import type { MetricSpec } from '../model/evaluation-spec.ts';
import { checkKeys, refuse, show } from './refuse.ts';
import { type Metric, type WrittenMetric, writtenOf } from './written-metric.ts';

const ROLES = { primary: 'primary', guardrails: 'guardrail', secondary: 'secondary' } as const;

interface ByRole {
  readonly primary: readonly Metric<'primary'>[];
  readonly guardrails?: readonly Metric<'guardrail'>[];
  readonly secondary?: readonly Metric<'secondary'>[];
}

/**
 * The declared metrics in order of their roles.
 *
 * @param most how many there may be
 * @throws DefinitionError `not_a_list`, `not_a_metric`, `metric_role`, `no_primary`, `limit_exceeded`, `metric_twice`
 */
export function readGoals(goals: unknown, most: number, at: string): readonly WrittenMetric[] {
  checkKeys(goals, Object.keys(ROLES), `${at}: metrics`);
  const declared = Object.entries(ROLES).flatMap(([key, role]) => {
    const list: unknown = (goals as ByRole)[key as keyof ByRole] ?? [];
    if (!Array.isArray(list)) return refuse('not_a_list', `${at}: ${key} is ${show(list)}`, 'write a list: [ ... ]');
    return list.map((given) => writtenAs(role, given, `${at}: ${key}`));
  });
  if (!declared.some(({ role }) => role === 'primary'))
    refuse(
      'no_primary',
      `${at} has no primary metric`,
      "say what decides: primary: [metric.mean('name', score(scorer).field).increase()]",
    );
  if (declared.length > most)
    refuse('limit_exceeded', `${at} has ${declared.length} metrics`, `use at most ${most}`, { most });
  const names = declared.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    refuse('metric_twice', `${at} has two metrics named '${twice}'`, 'give one another name', { metric: twice });
  return declared;
}

function writtenAs(role: MetricSpec['role'], given: unknown, at: string): WrittenMetric {
  const written = writtenOf(given, at);
  if (written.role === role) return written;
  return refuse(
    'metric_role',
    `${at} holds the ${written.role} metric '${written.name}'`,
    written.kind === 'quantile'
      ? 'a quantile is only shown: metric.share(name, value, { above }) can decide'
      : REMEDIES[role],
  );
}

const REMEDIES = {
  primary: 'end it in .increase(...) or .decrease(...)',
  guardrail: 'end it in .noWorseThan(margin)',
  secondary: 'end it in .observe(), or move it where its role is',
} as const;
