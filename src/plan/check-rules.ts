/**
 * The rules of a plan that need one node, or all nodes, but no scopes: ids, counts, and which options go together.
 * (Which refs may be held is in `visibility.ts`.)
 */
import { suggest } from '../base/nearest.ts';
import { bodiesOf, nodesOf } from './nodes.ts';
import type { Plan, PlanNode, StepNode, Wiring } from './plan.ts';
import { LIMITS, RESERVED_IDS } from './plan-limits.ts';
import { isConfigHash } from './skeleton.ts';

type Catalogue = ReadonlySet<string> | undefined;

/** Every broken rule; with a catalogue (`rerank@2` ...), also every step that is not in it. */
export function checkRules(plan: Plan, catalogue: Catalogue): PlanProblem[] {
  return [...checkSize(plan), ...checkIds(plan), ...checkNodes(plan, catalogue)];
}

function checkSize(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const count = [...nodesOf(plan)].length;
  if (count === 0) problems.push(problem('no_nodes', undefined, 'the plan has no nodes', 'add a step'));
  if (count > LIMITS.nodes)
    problems.push(
      problem(
        'too_many_nodes',
        undefined,
        `the plan has ${count} nodes, and at most ${LIMITS.nodes} are allowed`,
        'split the pipeline',
      ),
    );
  const enter = (nodes: readonly PlanNode[], depth: number) => {
    for (const node of nodes) {
      if (depth > LIMITS.depth && node.kind !== 'step')
        problems.push(
          problem(
            'too_deep',
            node.id,
            `'${node.id}' is a container at depth ${depth}, and at most ${LIMITS.depth} are allowed`,
            'move its body into a step, or flatten the containers around it',
          ),
        );
      for (const body of bodiesOf(node)) enter(body.nodes, depth + 1);
    }
  };
  enter(plan.nodes, 1);
  return problems;
}

function checkIds(plan: Plan): PlanProblem[] {
  const seen = new Set<string>();
  const problems: PlanProblem[] = [];
  for (const { id } of nodesOf(plan)) {
    if (seen.has(id))
      problems.push(problem('id_twice', id, `node '${id}' exists twice`, 'ids are unique over the whole pipeline'));
    seen.add(id);
    const parts = id.split('/');
    const reserved = parts.find((part) => RESERVED_IDS.includes(part) || part === '__proto__');
    if (reserved !== undefined)
      problems.push(problem('id_reserved', id, `'${reserved}' cannot be a node's id`, 'give the node another id'));
    if (id.length > LIMITS.inlinedIdLength || parts.some((part) => part.length > LIMITS.idLength))
      problems.push(
        problem('id_too_long', id, `the id '${id}' is too long`, `use at most ${LIMITS.idLength} characters per id`),
      );
  }
  return problems;
}

function checkNodes(plan: Plan, catalogue: Catalogue): PlanProblem[] {
  return [...nodesOf(plan)].flatMap((node) => {
    switch (node.kind) {
      case 'step':
        return checkStep(node, catalogue);
      case 'repeat':
        return checkCondition(node.id, 'until', node.until);
      case 'branch':
        return checkCondition(node.id, 'when', node.when);
      case 'map':
        return checkList(node.id, node.over);
      default:
        return node satisfies never;
    }
  });
}

function checkStep(node: StepNode, catalogue: Catalogue): PlanProblem[] {
  const { id, policy } = node;
  const problems: PlanProblem[] = [];
  const report = (code: string, message: string, remedy: string) =>
    problems.push(problem(code, id, `'${id}' ${message}`, remedy));

  for (const call of [node.call, node.fallback]) {
    if (call === undefined) continue;
    if (isConfigHash(call.config))
      report('config_absent', `holds only the hash of the config of '${call.step}'`, 'give the full plan, no skeleton');
    if (catalogue && !catalogue.has(call.step))
      report(
        'step_unknown',
        `calls '${call.step}', which is not registered`,
        suggest(call.step, catalogue, 'register it in activities/'),
      );
  }
  if (node.when !== undefined && node.orElse === undefined)
    report('when_needs_or_else', "has 'when' without 'orElse'", 'say what its readers get when it is skipped');
  if (node.when !== undefined) problems.push(...checkCondition(id, 'when', node.when));
  if (policy.lane === 'local' && policy.heartbeatMs !== undefined)
    report('local_heartbeat', "has lane 'local' and a heartbeat", "remove the heartbeat, or use lane 'activity'");
  if (policy.lane === 'local' && policy.taskQueue !== undefined)
    report('local_queue', "has lane 'local' and a task queue", "remove the task queue, or use lane 'activity'");
  if (policy.beats !== undefined && policy.heartbeatMs === undefined)
    report(
      'beats_without_heartbeat',
      "says who beats, but has no 'heartbeatMs'",
      "add 'heartbeatMs' or remove 'beats'",
    );
  if (policy.backoff.maxMs < policy.backoff.firstMs)
    report('backoff_order', 'has a longest backoff below its first', "raise 'maxMs' or lower 'firstMs'");
  return problems;
}

function checkCondition(id: string, facet: string, wiring: Wiring): PlanProblem[] {
  if ('$from' in wiring || ('$value' in wiring && typeof wiring.$value === 'boolean')) return [];
  return [
    problem('condition', id, `'${id}' (${facet}) is not a condition`, 'give a ref to a boolean output of a step'),
  ];
}

function checkList(id: string, wiring: Wiring): PlanProblem[] {
  if ('$from' in wiring || '$list' in wiring || ('$value' in wiring && Array.isArray(wiring.$value))) return [];
  return [problem('not_a_list', id, `'${id}' maps over something that is no list`, 'give a ref to a list')];
}

/** What is wrong with a plan, as data: the node it is about, why, and what to do. */
export interface PlanProblem {
  /** Stable, for programs: `ref_cycle`, `id_twice`, `step_unknown` ... */
  readonly code: string;
  /** The node's id, unless the problem is the plan's own. */
  readonly node?: string;
  /** Names the node and says what is wrong. */
  readonly message: string;
  readonly remedy: string;
}

/** A problem of a node, or of the plan itself when `node` is undefined. */
export function problem(code: string, node: string | undefined, message: string, remedy: string): PlanProblem {
  return { code, ...(node !== undefined && { node }), message, remedy };
}
