/**
 * The types of a node in its place: what the chain remembers about each, which ids are free, which step may stand in for
 * another, and which options a node may have.
 */
import type { Policy } from './policy.ts';
import type { Value } from './ref.ts';
import type { Effect, Step } from './step.ts';
import type { WiringError } from './wiring.ts';

declare const TYPES: unique symbol;

/** A step in its place. `Seen` is the scope it was wired in, so that `rewire` offers that and nothing later. */
export interface Placed<Input, Output, Config, StepEffect extends Effect, Seen> {
  readonly [TYPES]: { input: Input; output: Output; config: Config; effect: StepEffect; seen: Seen };
}

/** A repeat, branch, map or use: it has settings to edit, but no step to swap. */
export interface Container<out Settings> {
  readonly settings: Settings;
}

export type PlacedTypes<Node> = Node extends { readonly [TYPES]: infer Types extends PlacedFacts } ? Types : never;
interface PlacedFacts {
  input: unknown;
  output: unknown;
  config: unknown;
  effect: Effect;
  seen: unknown;
}

/** Every inner node keeps its name under the name of the `use`, so one pipeline may be used twice. */
export type Prefixed<Id extends string, Nodes> = { [Inner in keyof Nodes as `${Id}/${Inner & string}`]: Nodes[Inner] };

// ---------------------------------------------------------------- ids

/** Words that a scope or a run uses itself; `RESERVED_IDS` is the same list at run time. */
type Reserved = 'input' | 'output' | 'carry' | 'item' | 'run' | 'rounds' | 'scores' | 'expected';

/** `unknown` for an id that may be used, else the sentence that says why not. */
export type Free<Id extends string, Nodes> = Id extends keyof Nodes
  ? WiringError<`node '${Id}' already exists`>
  : Id extends Reserved
    ? WiringError<`'${Id}' is a word of the language, so no node can have it as its id`>
    : Id extends `${string}${'/' | '.' | ':' | ' '}${string}`
      ? WiringError<`node id '${Id}' may hold only letters, digits, '-' and '_'`>
      : unknown;

// ---------------------------------------------------------------- standing in

/** The keys of Needed that Given lacks, or has at a type that does not fit. */
type Lacking<Needed, Given> = {
  [Key in keyof Needed]-?: Key extends keyof Given
    ? [Given[Key]] extends [Needed[Key]]
      ? never
      : Key
    : undefined extends Needed[Key]
      ? never
      : Key;
}[keyof Needed] &
  string;

/** A step may stand in for another when it takes what is wired already and still produces what others read. */
export type StandsIn<Id extends string, OldInput, OldOutput, Input, Output> = [Lacking<Input, OldInput>] extends [never]
  ? StillProduces<Id, OldOutput, Output>
  : WiringError<`node '${Id}' is not wired to supply '${Lacking<Input, OldInput>}'`>;

export type StillProduces<Id extends string, OldOutput, Output> = [Lacking<OldOutput, Output>] extends [never]
  ? unknown
  : WiringError<`node '${Id}' must still produce '${Lacking<OldOutput, Output>}' at its old type`>;

// ---------------------------------------------------------------- options

export type LaneOption<StepEffect> = { readonly lane?: 'activity' | LocalLane<StepEffect> };
type LocalLane<StepEffect> = [StepEffect] extends ['none']
  ? 'local'
  : WiringError<"lane 'local' needs a step that declares effect: 'none'">;

type Always<Output> = { readonly when?: never; readonly orElse?: Output };
/** A node that may be skipped says what its readers get instead, so no reader ever meets "no value". */
type OnlyWhen<Output, Seen> = { readonly when: (scope: Seen) => Value<boolean>; readonly orElse: Output };

/** What a node may add to its step's contract. `Spare` is the fallback. */
export type NodeOptions<Id extends string, Input, Output, StepEffect, Seen, SpareInput, SpareOutput> = Partial<Policy> &
  LaneOption<StepEffect> & {
    readonly fallback?: Step<SpareInput, SpareOutput, never> & StandsIn<Id, Input, Output, SpareInput, SpareOutput>;
  } & (Always<NoInfer<Output>> | OnlyWhen<NoInfer<Output>, Seen>);
