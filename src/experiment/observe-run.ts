/**
 * Reads wiring over a run that is over: of its output as it was, and of its nodes by walking the plan again with what they
 * gave. Nothing is called, and a ref into a loop or a map means what it means in the pipeline.
 */
import type { Json, Plan, Wiring } from '../plan/plan.ts';
import { CallFailure, walk } from '../plan/walk.ts';
import { isOfOutput, readWiring } from './read-wiring.ts';

export interface OverRun {
  readonly plan: Plan;
  readonly input: Json;
  /** Null where there is none. */
  readonly output: Json;
  /** By node run. */
  readonly outputs: ReadonlyMap<string, Json>;
}

/** What each wiring comes to, in their order; undefined where it comes to nothing. */
export async function observeRun(run: OverRun, wirings: readonly Wiring[]): Promise<readonly (Json | undefined)[]> {
  const ofNodes = wirings.filter((wiring) => !isOfOutput(wiring));
  const seen = ofNodes.length === 0 ? [] : await observeNodes(run, ofNodes);
  return wirings.map((wiring) => (isOfOutput(wiring) ? inOutput(run.output, wiring) : seen[ofNodes.indexOf(wiring)]));
}

const inOutput = (output: Json, wiring: Wiring): Json | undefined =>
  output === null ? undefined : readWiring(wiring, output);

async function observeNodes({ plan, input, outputs }: OverRun, observe: readonly Wiring[]) {
  const recorded = async (key: string): Promise<Json> => {
    const output = outputs.get(key);
    if (output === undefined) throw new CallFailure('not_recorded', `'${key}' gave nothing`, { retryable: false });
    return output;
  };
  const { observed } = await walk(plan, input, ({ key }) => recorded(key), { observe }).finished;
  return observed!.map((found) => ('value' in found ? found.value : undefined));
}
