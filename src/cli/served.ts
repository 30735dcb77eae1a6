/**
 * Which plan `ask` runs: what is deployed under a pipeline's name, with the arms of its experiments; where nothing is
 * deployed the definition in code, which is said. A variant that is asked for by name is run as it is, in no experiment.
 */

import type { RunClient } from '../client/client.ts';
import type { Pipelines } from '../host/project.ts';
import type { Json } from '../plan/plan.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { type Chosen, withoutKeys } from './without-keys.ts';

export interface AskedFor {
  /** As in `pipelines`. */
  readonly name: string;
  readonly input: Json;
  readonly unit?: string | undefined;
}

/** @throws SluiceError `unit_invalid`, and what a start would be refused for */
export async function chooseServed(
  client: Pick<RunClient, 'check' | 'serve'>,
  pipelines: Pipelines,
  { name, input, unit }: AskedFor,
  { terminal, environment }: Pick<Session, 'environment'> & { readonly terminal: Pick<Terminal, 'warn' | 'note'> },
): Promise<Chosen> {
  const served = await client.serve(pipelines.get(name)!, input, { ...(unit !== undefined && { unit }) });
  if (served.deployment !== null) return { pipeline: served };
  if (served.variantOf === undefined)
    terminal.note(`${name} is not deployed: running its definition in code; deploy it with: sluice deploy ${name}`);
  const chosen = await withoutKeys(client, pipelines, name, { terminal, environment });
  return unit === undefined ? chosen : { ...chosen, pipeline: { ...chosen.pipeline, served: served.served } };
}
