/**
 * What a user means by "a plan": a pipeline's name, a file of plan JSON, or the id of a plan that is defined here or that
 * some run was started with; names and ids may be cut short.
 */
import { readFile } from 'node:fs/promises';
import { SluiceError } from '../base/errors.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import type { PlanOverride } from '../plan/diff.ts';
import type { Plan } from '../plan/plan.ts';
import { isVariant } from './find-variant.ts';
import { findNamed, findPipeline } from './lookup.ts';
import type { Session } from './session.ts';
import { withStore } from './with-servers.ts';

export interface NamedPlan {
  /** As it was found: `docs-bot`, `docs-bot:hyde`, `old.json`; a stored plan by its pipeline. */
  readonly name: string;
  readonly planId: string;
  readonly plan: Plan;
  /** Of a variant in code: where it changes what an included variant has edited. */
  readonly overrides: readonly PlanOverride[];
}

/** Fewer digits would be taken for a name. */
const ID = /^[0-9a-f]{6,64}$/;

/**
 * @throws SluiceError `pipeline_unknown` with the nearest name, `plan_unknown`, `plan_ambiguous`, `plan_unreadable`, or
 * what is wrong with a file's plan.
 */
export async function findPlan(session: Session, source: string): Promise<NamedPlan> {
  const { planId } = await import('../plan/id.ts');
  if (source.endsWith('.json')) {
    const plan = await readPlan(source);
    return { name: source, planId: planId(plan), plan, overrides: [] };
  }
  const pipelines = await session.services.pipelines();
  if (!ID.test(source) || pipelines.has(source)) {
    const [name, pipeline] = findPipeline(pipelines, source);
    return named(name, planId(pipeline.plan), pipeline);
  }
  const here = new Map<string, NamedPlan>();
  for (const [name, pipeline] of pipelines) {
    const id = planId(pipeline.plan);
    if (!here.has(id)) here.set(id, named(name, id, pipeline));
  }
  if ([...here.keys()].some((id) => id.startsWith(source)))
    return findNamed({
      kind: 'plan',
      name: source,
      among: [...here.values()],
      nameOf: (each) => each.planId,
      whenNone: '',
    });
  const stored = await withStore(session, ({ store }) => store.plans.find(source));
  return { name: stored.plan.pipeline, ...stored, overrides: [] };
}

const named = (name: string, planId: string, pipeline: AnyPipeline): NamedPlan => ({
  ...{ name, planId, plan: pipeline.plan },
  overrides: isVariant(pipeline) ? pipeline.overrides : [],
});

async function readPlan(file: string): Promise<Plan> {
  const { requirePlan } = await import('../plan/check.ts');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SluiceError('plan_unreadable', { message: `'${file}' cannot be read`, remedy: 'check the path', cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SluiceError('plan_unreadable', {
      message: `'${file}' is not JSON`,
      remedy: 'write it with: sluice plan show <pipeline> --json > plan.json',
      cause,
    });
  }
  return requirePlan(json);
}
