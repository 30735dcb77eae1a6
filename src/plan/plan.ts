/**
 * The plan: what a pipeline's definition lowers to, and all that the workflow knows about it. It is frozen JSON, so it
 * can be hashed, stored, compared, drawn, and given to a workflow as input. Types only: this file is in the workflow
 * bundle and imports nothing.
 */

import type { Json } from '../base/json.ts';

export type { Json };

/** The plan format this code writes, and the newest it reads. */
export const PLAN_FORMAT = 1;

/**
 * Where a value comes from. `$from` is `[source, ...fields]`; a source is a node's id, `input`, or a name owned by a
 * container: `answer:carry` (a loop's carry), `vector:item` (a map's item). Literals are `$value`; lists and objects
 * that hold at least one ref are `$list` and `$object`.
 */
export type Wiring =
  | { readonly $from: readonly [string, ...string[]] }
  | { readonly $value: Json }
  | { readonly $list: readonly Wiring[] }
  | { readonly $object: { readonly [key: string]: Wiring } };

/** A step with its config: `rerank@2` and `{ topN: 8 }`. In a skeleton the config is its content hash instead. */
export interface StepCall {
  readonly step: string;
  readonly config: Json | { readonly $config: string };
}

export type Lane = 'activity' | 'local';

/** How one call is attempted. Times are milliseconds; `timeoutMs` is for one attempt, queueing excluded. */
export interface CallPolicy {
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly backoff: { readonly firstMs: number; readonly factor: number; readonly maxMs: number };
  /** The step must give a sign of life at least this often. Absent: no heartbeat is asked. */
  readonly heartbeatMs?: number;
  /** Whether the boundary beats on a timer, or the step beats on its own progress. */
  readonly beats?: 'timer' | 'progress';
  readonly lane: Lane;
  readonly taskQueue?: string;
}

export interface StepNode {
  readonly kind: 'step';
  readonly id: string;
  readonly call: StepCall;
  readonly input: Wiring;
  readonly policy: CallPolicy;
  readonly fallback?: StepCall;
  readonly orElse?: Json;
  readonly when?: Wiring;
}

export type WhenExhausted = 'keep-last' | 'fail';
export type WhenOver = 'truncate' | 'fail';

export interface RepeatNode {
  readonly kind: 'repeat';
  readonly id: string;
  readonly max: number;
  /** The carry of the first round. */
  readonly start: Json;
  readonly whenExhausted: WhenExhausted;
  readonly nodes: readonly PlanNode[];
  readonly until: Wiring;
  readonly carry: Wiring;
  /** What the loop shows outside, by name: the outputs of its last complete round (`rounds` is added by the walker). */
  readonly yields: { readonly [name: string]: Wiring };
}

export interface Arm {
  readonly nodes: readonly PlanNode[];
  readonly yields: Wiring;
}

export interface BranchNode {
  readonly kind: 'branch';
  readonly id: string;
  readonly when: Wiring;
  readonly then: Arm;
  readonly otherwise: Arm;
}

export interface MapNode {
  readonly kind: 'map';
  readonly id: string;
  readonly over: Wiring;
  readonly max: number;
  readonly concurrency: number;
  readonly whenOver: WhenOver;
  readonly nodes: readonly PlanNode[];
  readonly yields: Wiring;
}

export type PlanNode = StepNode | RepeatNode | BranchNode | MapNode;

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly pipeline: string;
  /** JSON Schemas of what the pipeline takes and gives: a client may check without the definition. */
  readonly schemas: { readonly input: Json; readonly output: Json };
  readonly nodes: readonly PlanNode[];
  readonly output: Wiring;
}

/** The words for how a node run ended. All but the last three have a value. */
export type NodeOutcome =
  | 'completed'
  | 'fallback'
  | 'or-else'
  | 'skipped'
  | 'exhausted'
  | 'truncated'
  | 'failed'
  | 'blocked'
  | 'cancelled';

export type RunOutcome = 'completed' | 'degraded' | 'failed' | 'cancelled';

// ---------------------------------------------------------------- edits: what a variant is made of

/**
 * One change to one facet of one node, as data. `step` (with its fresh config) is a swap; `step` and `input` together
 * are a replace. `policy` is the new step's own under the options of the place; absent, the place's policy stays.
 * `config` is whole: what the edit says, merged over the node's config as it was.
 */
export type NodeEdit =
  | { readonly node: string; readonly facet: 'step'; readonly call: StepCall; readonly policy?: CallPolicy }
  | { readonly node: string; readonly facet: 'config'; readonly config: Json }
  | { readonly node: string; readonly facet: 'input'; readonly input: Wiring }
  | { readonly node: string; readonly facet: 'options'; readonly options: NodeOptionsEdit };

export interface NodeOptionsEdit {
  readonly policy?: Partial<CallPolicy>;
  readonly orElse?: Json;
  /** Takes the fallback away: a variant whose step is the fallback itself has none. */
  readonly fallback?: null;
  /** A repeat's or a map's limits. */
  readonly max?: number;
  readonly concurrency?: number;
}
