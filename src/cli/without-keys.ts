/**
 * Where the keys of a pipeline's models are missing, another variant of it is run in its place, and any other variant
 * with the models of that one; the command says so. `own-server` is run where `OPENAI_BASE_URL` is set and the variant
 * lacks no key, else `local`.
 */

import { SluiceError } from '../base/errors.ts';
import type { RunClient, Runnable } from '../client/client.ts';
import { type AnyPipeline, isVariant } from '../dsl/edit.ts';
import type { Pipelines } from '../host/project.ts';
import { applyEdits, overlayEdits } from '../plan/compose.ts';
import type { Plan } from '../plan/plan.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';

const LOCAL = 'local';
const OWN_SERVER = 'own-server';

/** What was run in place of what was asked for. */
export interface Instead {
  /** `docs-bot:local`; of a variant `docs-bot:narrow+local`. */
  readonly variant: string;
  /** The variables that no worker has. */
  readonly missing: readonly string[];
}

export interface Chosen {
  readonly pipeline: Runnable;
  readonly instead?: Instead;
}

/**
 * The pipeline of that name, or what is run where its keys are missing.
 *
 * @throws SluiceError `key_missing` where no variant can be run in its place, and whatever else a start would be refused
 *   for
 */
export async function withoutKeys(
  client: Pick<RunClient, 'check'>,
  pipelines: Pipelines,
  name: string,
  { terminal, environment }: Pick<Session, 'environment'> & { readonly terminal: Pick<Terminal, 'warn'> },
): Promise<Chosen> {
  const pipeline = pipelines.get(name)!;
  const missingOf = (plan: Plan) => missingKeys(client, plan);
  const missing = await missingOf(pipeline.plan);
  if (missing.length === 0) return { pipeline };
  const instead = await runnableInstead(pipelines, pipeline, environment, missingOf);
  // Refused as a start would be: by what the plan needs that is asked for, or by what is left of that.
  await client.check((instead?.pipeline ?? pipeline).plan);
  if (instead === undefined) return { pipeline };
  terminal.warn(`no ${missing.join(', no ')}: running ${instead.variant}, ${instead.why}`);
  return { pipeline: instead.pipeline, instead: { variant: instead.variant, missing } };
}

interface InPlace {
  readonly pipeline: Runnable;
  readonly variant: string;
  /** Why that one: what its models need. */
  readonly why: string;
}

/** What is run in place of a pipeline whose keys are missing; `missingOf` gives the variables that a plan lacks. */
export async function runnableInstead(
  pipelines: Pipelines,
  asked: AnyPipeline,
  environment: Session['environment'],
  missingOf: (plan: Plan) => Promise<readonly string[]>,
): Promise<InPlace | undefined> {
  const server = ownServerOf(environment);
  const own = server === undefined ? undefined : onModelsOf(OWN_SERVER, pipelines, asked);
  if (own !== undefined && (await missingOf(own.pipeline.plan)).length === 0)
    return { ...own, why: `whose openai/* models run at ${server}, and whose others need no key` };
  const local = onModelsOf(LOCAL, pipelines, asked);
  return local && { ...local, why: 'whose models need no key' };
}

/** The variables of the keys that a plan needs and no worker has. @throws SluiceError as `check`, but for `key_missing` */
export async function missingKeys(client: Pick<RunClient, 'check'>, plan: Plan): Promise<readonly string[]> {
  try {
    await client.check(plan);
    return [];
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'key_missing') return error.data.variables as readonly string[];
    throw error;
  }
}

/** The pipeline that is asked for, with the models of its variant `name`. */
function onModelsOf(
  name: string,
  pipelines: Pipelines,
  asked: AnyPipeline,
): { pipeline: Runnable; variant: string } | undefined {
  const baseline = pipelines.get(asked.id);
  const other = pipelines.get(`${asked.id}:${name}`);
  if (baseline === undefined || other === undefined || asked === other) return undefined;
  if (!isVariant(asked)) return { pipeline: other, variant: `${asked.id}:${name}` };
  const edits = overlayEdits(baseline.plan, isVariant(other) ? other.edits : [], asked.edits);
  const plan = applyEdits(baseline.plan, edits);
  return { pipeline: { id: asked.id, input: asked.input, plan }, variant: `${asked.id}:${asked.name}+${name}` };
}

/** The server that models named `openai/…` run at, and why; undefined where that is OpenAI's own. */
export function ownServerOf({ OPENAI_BASE_URL: url, OPENAI_API_KEY: key }: Session['environment']): string | undefined {
  return url ? `${url} (OPENAI_BASE_URL; ${key ? 'with OPENAI_API_KEY' : 'no key'})` : undefined;
}
