/**
 * The types of the chain that defines a pipeline. Each call names one node and gives a new chain, so a chain can be
 * continued twice. What grows with each node (`Visible`, `Nodes`) are type parameters of their own: kept in one record
 * they would be rebuilt per node, and the compiler gives up ("excessively deep") near a hundred nodes.
 */
import type { z } from 'zod';
import type { WhenExhausted, WhenOver } from '../plan/plan.ts';
import type { Pipeline } from './edit.ts';
import type { Inputs, NoExtra, Ref, Scope, Value, Wire, WiringError } from './ref.ts';
import type { Effect, Policy, Step } from './step.ts';

export interface RepeatSettings {
  /** Rounds at most, from 1 to 20. */
  readonly max: number;
}

export interface MapSettings {
  /** Items at most, from 1 to 1,000. */
  readonly max: number;
  /** Items under way at once, from 1 to 100. */
  readonly concurrency: number;
}

/** How a round ends: with `until`. It carries what the round made, and every node named so far. */
export interface Round<out Made, out Nodes> {
  readonly "a repeat's body ends with .until(done, carry)": [Made, Nodes];
}

/** How an arm or a map's body ends: with `yield`. */
export interface Part<out Nodes> {
  readonly "an arm or a map's body ends with .yield(wire)": Nodes;
}

/** What stays the same along a chain. `extra`: a loop's carry, a map's item. `result`: what `until` or `yield` gives. */
export interface Place {
  id: string;
  input: unknown;
  extra: object;
  result: unknown;
}

/** The place inside a container: the innermost carry or item hides an outer one. */
type Within<P extends Place, Extra, Result> = {
  id: P['id'];
  input: P['input'];
  extra: Omit<P['extra'], keyof Extra> & Extra;
  result: Result;
};
/** Where nothing is known yet. Written so, it vanishes from what the compiler prints as soon as something is. */
// biome-ignore lint/complexity/noBannedTypes: `Record<never, never>` would be printed with everything added to it.
export type Nothing = {};

/** `Visible`: outputs by id, for wiring. `Nodes`: all ids, also inside containers, for uniqueness and for edits. */
export interface Chain<P extends Place, Visible, Nodes> {
  /**
   * Places a step.
   *
   * @param id the node's id, unique in the whole pipeline; a noun or participle reads best (`ranked`)
   * @param wire returns what the step takes, as refs and literals; runs once, now
   * @param config laid over the step's own defaults
   * @param options what this place adds to the step's contract: lane, fallback, orElse, when, another timeout ...
   */
  step<
    const Id extends string,
    Input,
    Output,
    Config,
    E extends Effect,
    SpareInput,
    SpareOutput,
    Wired extends Inputs<Id, Input>,
  >(
    id: Id & Free<Id, Nodes>,
    step: Step<Input, Output, Config, E>,
    wire: (scope: Scope<P['input'], Visible, P['extra']>) => Wired & NoExtra<Id, Wired, Input>,
    config?: NoInfer<Config>,
    options?: NodeOptions<Id, Input, Output, E, Scope<P['input'], Visible, P['extra']>, SpareInput, SpareOutput>,
  ): Chain<
    P,
    Visible & Record<Id, Output>,
    Nodes & Record<Id, Placed<Input, Output, Config, E, Scope<P['input'], Visible, P['extra']>>>
  >;

  /**
   * A bounded loop. Outside, it is an object of its last complete round's nodes, and `rounds`. The carry comes as a
   * schema with its first value: inferred from the body, it would be inferred as a ref.
   */
  repeat<const Id extends string, Carry extends z.ZodObject, Made, BodyNodes>(
    id: Id & Free<Id, Nodes>,
    loop: RepeatSettings & {
      readonly carry: Carry;
      readonly start: z.output<Carry>;
      readonly whenExhausted: WhenExhausted;
    },
    body: (
      round: Chain<
        Within<P, { readonly carry: Ref<z.output<Carry>> }, z.output<Carry>>,
        Visible,
        Nodes & Record<Id, Container<RepeatSettings>>
      >,
    ) => Round<Made, BodyNodes>,
  ): Chain<P, Visible & Record<Id, Omit<Made, keyof Visible> & { rounds: number }>, BodyNodes>;

  /** One of two arms, by a boolean. Outside, only the yielded value is visible: the nodes of an arm may not have run. */
  branch<const Id extends string, Yielded extends z.core.$ZodType, ThenNodes, AllNodes>(
    id: Id & Free<Id, Nodes>,
    yields: Yielded,
    when: (scope: Scope<P['input'], Visible, P['extra']>) => Value<boolean>,
    then: (
      arm: Chain<Within<P, Nothing, z.output<Yielded>>, Visible, Nodes & Record<Id, Container<Nothing>>>,
    ) => Part<ThenNodes>,
    otherwise: (arm: Chain<Within<P, Nothing, z.output<Yielded>>, Visible, ThenNodes>) => Part<AllNodes>,
  ): Chain<P, Visible & Record<Id, z.output<Yielded>>, AllNodes>;

  /** A body per item of a list. Outside, the list of what the items yielded, in the order of the list mapped over. */
  map<const Id extends string, Item, Yielded extends z.core.$ZodType, BodyNodes>(
    id: Id & Free<Id, Nodes>,
    yields: Yielded,
    over: (scope: Scope<P['input'], Visible, P['extra']>) => Value<readonly Item[]>,
    limits: MapSettings & { readonly whenOver: WhenOver },
    body: (
      each: Chain<
        Within<P, { readonly item: Ref<Item> }, z.output<Yielded>>,
        Visible,
        Nodes & Record<Id, Container<MapSettings>>
      >,
    ) => Part<BodyNodes>,
  ): Chain<P, Visible & Record<Id, z.output<Yielded>[]>, BodyNodes>;

  /** Another pipeline, inlined. Outside, its output; it is no barrier, and its nodes can be edited as 'id/node'. */
  use<const Id extends string, Input, UsedNodes, Output, Wired extends Inputs<Id, Input>>(
    id: Id & Free<Id, Nodes>,
    pipeline: Pipeline<string, Input, unknown, UsedNodes, Output>,
    wire: (scope: Scope<P['input'], Visible, P['extra']>) => Wired & NoExtra<Id, Wired, Input>,
  ): Chain<P, Visible & Record<Id, Output>, Nodes & Record<Id, Container<Nothing>> & Prefixed<Id, UsedNodes>>;

  /** Ends a round: whether it was the last, and the carry of the next. */
  until<Wired extends Inputs<'carry', P['result']>>(
    done: (scope: Scope<P['input'], Visible, P['extra']>) => Value<boolean>,
    carry: (scope: Scope<P['input'], Visible, P['extra']>) => Wired & NoExtra<'carry', Wired, P['result']>,
  ): Round<Visible, Nodes>;

  /** Ends an arm, or a map's body: what it gives. */
  yield<Wired extends Wire<P['result']>>(
    wire: (scope: Scope<P['input'], Visible, P['extra']>) => Wired & NoExtra<'yield', Wired, P['result']>,
  ): Part<Nodes>;

  /** Ends the pipeline: what it answers. */
  output<Output extends z.ZodObject, Wired extends Inputs<'output', z.output<Output>>>(
    schema: Output,
    wire: (scope: Scope<P['input'], Visible, P['extra']>) => Wired & NoExtra<'output', Wired, z.output<Output>>,
  ): Pipeline<P['id'], P['input'], Visible, Nodes, z.output<Output>>;
}

/** The chain with only its input named. */
export type FirstChain<Id extends string, Input> = Chain<
  { id: Id; input: Input; extra: Nothing; result: never },
  Nothing,
  Nothing
>;

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

// ---------------------------------------------------------------- fallback values

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
