/** What a user means by "a plan": a pipeline's name, a file of plan JSON, or the id of a plan defined here. */
import { readFile } from 'node:fs/promises';
import { SluiceError } from '../errors.ts';
import { suggest } from '../nearest.ts';
import type { Plan } from '../plan/plan.ts';
import type { Pipelines } from '../runtime/project.ts';
import type { Session } from './session.ts';

export interface NamedPlan {
  /** As it was found: `docs-bot`, `docs-bot:hyde`, `old.json`. */
  readonly name: string;
  readonly planId: string;
  readonly plan: Plan;
}

/** Fewer digits would be taken for a name. */
const SHORTEST_ID = 6;

/**
 * @throws SluiceError `plan_unknown` with the nearest name, `plan_unreadable`, or what is wrong with a file's plan.
 */
export async function findPlan({ services }: Session, source: string): Promise<NamedPlan> {
  const { planId } = await import('../plan/id.ts');
  if (source.endsWith('.json')) {
    const plan = await readPlan(source);
    return { name: source, planId: planId(plan), plan };
  }
  const pipelines: Pipelines = await services.pipelines();
  const here = [...pipelines].map(([name, { plan }]): NamedPlan => ({ name, planId: planId(plan), plan }));
  const isId = source.length >= SHORTEST_ID && /^[0-9a-f]+$/.test(source);
  const found =
    here.find(({ name }) => name === source) ??
    (isId ? here.find((each) => each.planId.startsWith(source)) : undefined);
  if (found !== undefined) return found;
  throw new SluiceError('plan_unknown', {
    message: `there is no pipeline, plan id or .json file '${source}' here`,
    remedy: suggest(
      source,
      here.map(({ name }) => name),
      'pipelines/index.ts exports none yet',
    ),
    data: { source, known: here.map(({ name }) => name) },
  });
}

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
