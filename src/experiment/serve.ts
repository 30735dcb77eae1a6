/**
 * What a request gets: the deployed plan, with an arm of each experiment on the pipeline that its unit is in, and with what
 * is being rolled out. A pure function of what is served, the request's input and its unit: the same request gets the same
 * in every process, without I/O.
 */
import { type CarriedAssignment, checkUnit, compileAssignable, isIn } from '../model/assign.ts';
import { SERVED_STATES, type SpecArm } from '../model/experiment-spec.ts';
import { composePlan } from '../plan/compose.ts';
import type { Json, Plan, Wiring } from '../plan/plan.ts';
import { enter, evaluate, type From } from '../plan/resolve.ts';
import type { ExperimentRow, Serving } from '../store/experiments.ts';
import { editedNodes, exposingNodes } from './restage.ts';

export interface ServeRequest {
  readonly input: Json;
  /** The unit that the caller names; null if it names none. */
  readonly unit: string | null;
}

export interface Served {
  /** Always the same object for the same arms. */
  readonly plan: Plan;
  readonly assignments: readonly CarriedAssignment[];
  /** Experiments whose winner it gets though it is outside their share. */
  readonly ramped: readonly string[];
  /** The first unit that an experiment read, or the caller's; null: none, and so in no experiment. */
  readonly unit: string | null;
  /** The unit is the caller's own, and not read off the input. */
  readonly isUnitGiven: boolean;
}

/** Combinations of arms whose plans are kept. */
const KEPT_PLANS = 500;

/**
 * Prepares what is served for many requests.
 *
 * @param base the deployed plan
 * @throws SluiceError from what it returns: `unit_invalid`
 */
export function compileServing(serving: Serving, base: Plan): (request: ServeRequest) => Served {
  const { deployment } = serving;
  const experiments = serving.experiments
    .filter(({ state }) => SERVED_STATES.some((served) => served === state))
    .map((row) => compileExperiment(row, base));
  const planOf = createPlans(base);
  return ({ input, unit: asked }) => {
    const callers = asked === null ? null : checkUnit(asked);
    const within: Within[] = [];
    for (const experiment of experiments) {
      const unit = experiment.unitOf(input, callers);
      if (unit === null || isHeldOut(deployment, unit) || !experiment.isTarget(input)) continue;
      within.push({ experiment, unit, assignment: experiment.assign(unit) });
    }
    const { assigned, ramped } = entered(within);
    const arms = assigned.flatMap(({ experiment, assignment }) => armOf(experiment, assignment!.arm));
    const winners = ramped.flatMap(({ experiment }) => armOf(experiment, experiment.row.winner!));
    return {
      plan: planOf([...arms, ...winners]),
      assignments: assigned.flatMap(({ experiment, assignment }) => (experiment.isOut(assignment!) ? [] : assignment!)),
      ramped: ramped.map(({ experiment }) => experiment.row.experimentId),
      unit: callers ?? within[0]?.unit ?? null,
      isUnitGiven: callers !== null,
    };
  };
}

interface Compiled {
  readonly row: ExperimentRow;
  /** Nodes that any arm edits. */
  readonly edited: ReadonlySet<string>;
  readonly unitOf: (input: Json, callers: string | null) => string | null;
  readonly isTarget: (input: Json) => boolean;
  /** Null outside its share. */
  readonly assign: (unit: string) => CarriedAssignment | null;
  /** Whether the arm is no longer tested: the unit gets the baseline, and counts for nothing. */
  readonly isOut: (assignment: CarriedAssignment) => boolean;
}

interface Within {
  readonly experiment: Compiled;
  readonly unit: string;
  readonly assignment: CarriedAssignment | null;
}

function compileExperiment(row: ExperimentRow, base: Plan): Compiled {
  const { experimentId, spec, stage, stopped } = row;
  const assignTo = compileAssignable({
    shareSalt: spec.layer === null ? experimentId : `layer.${spec.layer}`,
    range: row.range,
    armSalt: experimentId,
    arms: spec.arms,
  });
  const nodes = exposingNodes(base, spec);
  const indexOf = (arm: string) => spec.arms.findIndex(({ name }) => name === arm);
  return {
    row,
    edited: editedNodes(spec),
    unitOf: (input, callers) => (spec.unit === null ? callers : unitIn(spec.unit, input)),
    isTarget: (input) => spec.target === null || readWiring(spec.target, input) === true,
    assign(unit) {
      const override = Object.hasOwn(spec.overrides, unit) ? spec.overrides[unit]! : undefined;
      const found = override === undefined ? assignTo(unit) : { arm: override, probability: 1 };
      if (found === null) return null;
      const { arm, probability } = found;
      const isOverride = override !== undefined;
      return { experiment: experimentId, arm, armIndex: indexOf(arm), stage, unit, probability, isOverride, nodes };
    },
    isOut: ({ arm }) => stopped.includes(arm),
  };
}

interface Entered {
  readonly assigned: readonly Within[];
  readonly ramped: readonly Within[];
}

/**
 * What the request is in: of experiments that edit a common node one alone, since two edits of a node make no plan. Layers
 * see to that where hashes decide. An arm given by name takes precedence, tests before the winners of rollouts (their units
 * keep what they are tested on), and of two winners that of the experiment that began first.
 */
function entered(within: readonly Within[]): Entered {
  const taken = new Set<string>();
  const isFree = ({ experiment: { edited } }: Within): boolean => {
    const free = [...edited].every((node) => !taken.has(node));
    if (free) for (const node of edited) taken.add(node);
    return free;
  };
  const byName = within.filter(({ assignment }) => assignment?.isOverride === true);
  const byHash = within.filter(({ assignment }) => assignment?.isOverride === false);
  const tested = new Set([...byName, ...byHash].filter(isFree));
  return { assigned: within.filter((each) => tested.has(each)), ramped: within.filter(isRamped).filter(isFree) };
}

/** Whether its rollout gives the winner to this unit, which is outside its share. */
function isRamped({ experiment: { row }, unit, assignment }: Within): boolean {
  if (assignment !== null || row.state !== 'rolling' || row.winner === null) return false;
  return isIn(`${row.experimentId}.ramp`, unit, [0, row.ramp]);
}

/** A variant's edits; of the baseline, and of a variant that was stopped, none. */
function armOf({ row }: Compiled, name: string): (SpecArm & { readonly name: string })[] {
  const arm = row.spec.arms.find((each) => each.name === name);
  if (arm === undefined || arm.edits.length === 0 || row.stopped.includes(name)) return [];
  return [{ ...arm, name: `${row.experimentId}:${name}` }];
}

function isHeldOut({ pipeline, holdOut }: Serving['deployment'], unit: string): boolean {
  return holdOut > 0 && isIn(`holdout.${pipeline}`, unit, [0, holdOut]);
}

function unitIn(wiring: Wiring, input: Json): string | null {
  const unit = readWiring(wiring, input);
  return unit === undefined || unit === null || unit === '' ? null : checkUnit(unit);
}

/** Composes each combination of arms once. */
function createPlans(base: Plan): (arms: readonly SpecArm[]) => Plan {
  const plans = new Map<string, Plan>();
  return (arms) => {
    if (arms.length === 0) return base;
    const key = arms.map(({ name }) => name).join('\n');
    const known = plans.get(key);
    if (known) return known;
    const plan = composePlan(base, arms);
    if (plans.size >= KEPT_PLANS) plans.delete(plans.keys().next().value!);
    plans.set(key, plan);
    return plan;
  };
}

/** Undefined without a result. Every ref reads from this value; its first word is ignored. */
export function readWiring(wiring: Wiring, value: Json): Json | undefined {
  const resolved = evaluate(wiring, ([head, ...fields]) => {
    const found = enter(value, fields, head);
    return 'fault' in found ? undefined : found.value;
  });
  return 'fault' in resolved ? undefined : resolved.value;
}

/** A ref into a run's output. */
export const isOfOutput = (wiring: Wiring): wiring is Wiring & { readonly $from: From } =>
  '$from' in wiring && wiring.$from[0] === 'output';
