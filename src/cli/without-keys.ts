/**
 * Where the keys of a pipeline's models are missing, its variant `local` is run in its place, and any other variant with
 * the models of `local`; and that is said. So whatever is tried first works, on what is there.
 */
import type { AnyPipeline, AnyVariant } from '../dsl/edit.ts';
import { SluiceError } from '../errors.ts';
import { applyEdits } from '../plan/compose.ts';
import { overlayEdits } from '../plan/overlay.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunClient, Runnable } from '../runtime/client.ts';
import type { Pipelines } from '../runtime/project.ts';
import type { Terminal } from './terminal.ts';

export const LOCAL = 'local';

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
 * @throws SluiceError `key_missing` where there is no variant `local`, or what it leaves as it was needs a key; and
 *   whatever else a start would be refused for
 */
export async function withoutKeys(
  client: Pick<RunClient, 'check'>,
  pipelines: Pipelines,
  name: string,
  terminal: Pick<Terminal, 'warn'>,
): Promise<Chosen> {
  const pipeline = pipelines.get(name)!;
  const missing = await missingKeys(client, pipeline.plan);
  if (missing.length === 0) return { pipeline };
  const local = onLocalModels(pipelines, pipeline);
  // Refused as a start would be: by what the plan needs that is asked for, or by what is left of that.
  await client.check((local?.pipeline ?? pipeline).plan);
  if (local === undefined) return { pipeline };
  terminal.warn(`no ${missing.join(', no ')}: running ${local.variant}, whose models need no key`);
  return { pipeline: local.pipeline, instead: { variant: local.variant, missing } };
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

function onLocalModels(pipelines: Pipelines, asked: AnyPipeline): { pipeline: Runnable; variant: string } | undefined {
  const baseline = pipelines.get(asked.id);
  const local = pipelines.get(`${asked.id}:${LOCAL}`);
  if (baseline === undefined || local === undefined || asked === local) return undefined;
  if (!isVariant(asked)) return { pipeline: local, variant: `${asked.id}:${LOCAL}` };
  const edits = overlayEdits(baseline.plan, isVariant(local) ? local.edits : [], asked.edits);
  const plan = applyEdits(baseline.plan, edits);
  return { pipeline: { id: asked.id, input: asked.input, plan }, variant: `${asked.id}:${asked.name}+${LOCAL}` };
}

const isVariant = (pipeline: AnyPipeline): pipeline is AnyVariant => 'edits' in pipeline;
