/** What is left of runs in experiments: in the database, and in Temporal's visibility. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunResult } from '../../src/client/run-result.ts';
import { ATTRIBUTES, RUN_WORKFLOW } from '../../src/model/run-messages.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Scene } from './scene.ts';

export interface Tallies {
  /** `<unit>:<arm>`, also of those that are excluded. */
  exposed(experiment: string): readonly string[];
  excluded(experiment: string): number;
  /** `<run>:<metric>`, one per delivery. */
  outcomes(experiment: string): readonly string[];
  /** Outputs of nodes, of all runs in the experiments. */
  readonly outputs: number;
  readonly runsWithout: number;
}

interface Exposed {
  readonly experiment: string;
  readonly unit: string;
  readonly arm: string;
  readonly excluded: string | null;
}

interface Came {
  readonly experiment: string;
  readonly run: string;
  readonly metric: number;
}

export async function readTallies({ place }: Scene, experiments: readonly string[]): Promise<Tallies> {
  const database = openDatabase(place.databaseUrl);
  try {
    const exposed = await database.query<Exposed>(
      `select experiment_id as experiment, unit, spec -> 'arms' -> arm::int ->> 'name' as arm, excluded
       from exposure join experiment using (experiment_id) where experiment_id = any($1)`,
      [experiments],
    );
    const outcomes = await database.query<Came>(
      'select experiment_id as experiment, run_id as run, metric from outcome where experiment_id = any($1)',
      [experiments],
    );
    const [counts] = await database.query<{ outputs: number; without: number }>(
      `select sum(n)::int as outputs, count(*) filter (where n = 0)::int as without from (
         select (select coalesce(sum(nodes), 0) from node_output o where o.run_id = run.run_id) as n
         from run where run_id = any(select run_id from outcome where experiment_id = any($1))
       ) as per_run`,
      [experiments],
    );
    const of = <Row extends { readonly experiment: string }>(rows: readonly Row[], experiment: string) =>
      rows.filter((row) => row.experiment === experiment);
    return {
      exposed: (experiment) => of(exposed, experiment).map(({ unit, arm }) => `${unit}:${arm}`),
      excluded: (experiment) => of(exposed, experiment).filter(({ excluded }) => excluded !== null).length,
      outcomes: (experiment) => of(outcomes, experiment).map(({ run, metric }) => `${run}:${metric}`),
      outputs: counts?.outputs ?? 0,
      runsWithout: counts?.without ?? 0,
    };
  } finally {
    await database.close();
  }
}

const LOOK_MS = 500;
/** Temporal's visibility follows its histories, after a moment. */
const LOOKS = 60;

/** Runs that `temporal workflow list` does not find under their experiment and arm, and what it finds that is no such run. */
export async function foundByAttributes(
  { temporal }: Scene,
  experiment: string,
  results: readonly RunResult[],
): Promise<number> {
  const find = async (attribute: string, value: string) => {
    const query = `WorkflowType = '${RUN_WORKFLOW}' and ${attribute} = '${value}'`;
    return (await Array.fromAsync(temporal.workflow.list({ query }))).map(({ workflowId }) => workflowId);
  };
  const arms = [...new Set(results.map((result) => result.arms[experiment]!))];
  const differing = async () => {
    const found = [await find(ATTRIBUTES.experiments, experiment)];
    for (const arm of arms) found.push(await find(ATTRIBUTES.arms, `${experiment}:${arm}`));
    const wanted = [results, ...arms.map((arm) => results.filter((result) => result.arms[experiment] === arm))];
    return found.reduce(
      (sum, ids, index) =>
        sum +
        difference(
          ids,
          wanted[index]!.map(({ runId }) => runId),
        ),
      0,
    );
  };
  for (let look = 1; ; look += 1) {
    const differ = await differing();
    if (differ === 0 || look === LOOKS) return differ;
    await delay(LOOK_MS);
  }
}

/** What is in one list only, and what is in one twice. */
function difference(found: readonly string[], wanted: readonly string[]): number {
  const [these, those] = [new Set(found), new Set(wanted)];
  const alone = (of: ReadonlySet<string>, other: ReadonlySet<string>) => [...of].filter((id) => !other.has(id)).length;
  return alone(these, those) + alone(those, these) + found.length - these.size + wanted.length - those.size;
}
