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
