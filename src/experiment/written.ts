/**
 * Whether variants are of what is deployed. A variant's config is whole: what its author left as it is in the code comes with
 * it. Where the deployed node has another one, be it a variant for machines without keys or what an experiment has won, an
 * arm would change that, too, and a verdict would be of something nobody asked.
 */
import { SluiceError } from '../base/errors.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import { isSameJson } from '../plan/id.ts';
import { findNode } from '../plan/nodes.ts';
import type { Json, Plan, StepCall } from '../plan/plan.ts';

/**
 * @param code the plan, in code, that the variants were written for
 * @throws SluiceError `variant_of_other`, naming what else would change
 */
export function checkWritten(spec: Pick<ExperimentSpec, 'name' | 'arms'>, code: Plan, deployed: Plan): void {
  for (const { name, edits } of spec.arms)
    for (const edit of edits) {
      if (edit.facet !== 'config') continue;
      const [written, served] = [callAt(code, edit.node), callAt(deployed, edit.node)];
      const others = written && served ? unasked(written, served, edit.config) : [];
      if (others.length > 0)
        throw ofOther(spec.name, { variant: name, node: edit.node, others, pipeline: code.pipeline });
    }
}

function callAt(plan: Plan, id: string): StepCall | undefined {
  const node = findNode(plan, id);
  return node?.kind === 'step' ? node.call : undefined;
}

/** What the config has from the code, and the deployed node has not, in words. */
function unasked(written: StepCall, served: StepCall, config: Json): readonly string[] {
  if (written.step !== served.step) return [`${served.step} is deployed, and not ${written.step}`];
  const [code, now, then] = [written.config, served.config, config].map(fieldsOf) as [Fields, Fields, Fields];
  const keys = [...new Set([...Object.keys(now), ...Object.keys(then)])];
  return keys
    .filter((key) => isSame(then[key], code[key]) && !isSame(then[key], now[key]))
    .map((key) => `${key} from ${shown(now[key])} to ${shown(then[key])}`);
}

type Fields = { readonly [key: string]: Json | undefined };

const fieldsOf = (config: unknown): Fields => (config !== null && typeof config === 'object' ? (config as Fields) : {});
const isSame = (one: Json | undefined, other: Json | undefined): boolean => isSameJson(one ?? null, other ?? null);

/** Prompts are long. */
const SHOWN = 40;

function shown(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

interface Other {
  readonly variant: string;
  readonly node: string;
  readonly others: readonly string[];
  readonly pipeline: string;
}

const ofOther = (experiment: string, { variant, node, others, pipeline }: Other): SluiceError =>
  new SluiceError('variant_of_other', {
    message: `'${variant}' of '${experiment}' was written for '${node}' as it is in the code, and on what is deployed would change more: ${others.join(', ')}`,
    remedy: `deploy what is in the code (sluice deploy ${pipeline}), or write what is deployed into it, so that the variant is of that; or --force`,
    data: { experiment, variant, node, others },
  });
