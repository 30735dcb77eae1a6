/**
 * The types of a finished pipeline, of its variants, and of the edits that make one from the other. Structure is not
 * editable: node ids stay comparable between variants, so differences, metrics and reuse of results stay sound.
 */
import type { z } from 'zod';
import type { PlanOverride } from '../plan/diff.ts';
import type { NodeEdit, Plan } from '../plan/plan.ts';
import type { Container, LaneOption, PlacedTypes, StandsIn, StillProduces } from './chain.ts';
import type { Chat } from './draft.ts';
import type { Inputs, NoExtra, WiringError } from './ref.ts';
import type { AnyStep, Policy, Step, WithDryRun } from './step.ts';

declare const TYPES: unique symbol;

/** A pipeline at run time, without its types. */
export interface AnyPipeline {
  readonly id: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  /** Frozen JSON: what is hashed, stored, and given to the workflow. */
  readonly plan: Plan;
  /** The contracts of all steps the plan calls, fallbacks included, one per `name@version`. */
  readonly steps: readonly AnyStep[];
  /**
   * Makes the input of a conversation; absent where the pipeline does not declare it. `undefined` is named for the compiler,
   * which would otherwise speak of it wherever a pipeline does not fit.
   */
  readonly chat?: Chat | undefined;
}

/** A variant at run time, without its types: a pipeline whose plan is the baseline's with these edits. */
export interface AnyVariant extends AnyPipeline {
  readonly name: string;
  readonly variantOf: string;
  readonly edits: readonly NodeEdit[];
  /** Where its own edits change what a variant that it includes has edited. */
  readonly overrides: readonly PlanOverride[];
}

export interface Pipeline<Id extends string, Input, out Visible, Nodes, Output> extends AnyPipeline {
  readonly id: Id;
  /** Of the compiler only: nothing is there at run time. */
  readonly [TYPES]: { input: Input; visible: Visible; nodes: Nodes; output: Output };
  /**
   * Names an edit of this pipeline. Every node keeps its outputs, so a metric over any node holds for every variant.
   *
   * @example
   * const wide = docsBot.variant('wide', (edit) => edit.configure('ranked', { topN: 12 }));
   */
  variant<const Name extends string>(
    name: Name,
    edit: (edit: Edit<Id, Nodes>) => Edit<Id, Nodes>,
  ): Variant<Id, Name> & Pipeline<Id, Input, Visible, Nodes, Output>;
}

export interface Variant<out PipelineId extends string, out Name extends string = string> extends AnyVariant {
  readonly variantOf: PipelineId;
  readonly name: Name;
}

/**
 * `unknown` for a pipeline each of whose write steps has a dry run, else the sentence that names one that has none. What only
 * a run can show (a fallback, a step that an edit puts there) is refused when it is to begin.
 */
export type WritesHaveDryRun<P> = P extends { readonly [TYPES]: { nodes: infer Nodes } }
  ? [OpenWrites<Nodes>] extends [never]
    ? unknown
    : WiringError<`node '${OpenWrites<Nodes>}' writes, and its step has no dryRun to stand for it`>
  : unknown;
type OpenWrites<Nodes> = {
  [Id in keyof Nodes]: [PlacedTypes<Nodes[Id]>['effect']] extends ['none' | 'read' | WithDryRun] ? never : Id;
}[keyof Nodes] &
  string;

type IsStep<Id extends string, Node> =
  Node extends Container<unknown>
    ? WiringError<`'${Id}' is a repeat, branch, map or use: it holds nodes and is no step itself`>
    : unknown;

type Adjustable<Node> =
  Node extends Container<infer Settings>
    ? [keyof Settings] extends [never]
      ? WiringError<'a branch or a use has no options of its own'>
      : Partial<Settings>
    : Partial<Policy> &
        LaneOption<PlacedTypes<Node>['effect']> & {
          readonly orElse?: PlacedTypes<Node>['output'];
          /** Takes the fallback away. */
          readonly fallback?: null;
        };

/** Edits of a pipeline's nodes; each call gives a new list. An edit may read what its node could read, nothing later. */
export interface Edit<PipelineId extends string, Nodes> {
  /** Another step on the old wiring. Its config starts from its own defaults; the place's options stay. */
  swap<const Id extends keyof Nodes & string, Input, Output, Config>(
    id: Id & IsStep<Id, Nodes[Id]>,
    step: Step<Input, Output, Config> &
      StandsIn<Id, PlacedTypes<Nodes[Id]>['input'], PlacedTypes<Nodes[Id]>['output'], Input, Output>,
    config?: NoInfer<Partial<Config>>,
  ): Edit<PipelineId, Nodes>;

  /** Another step on new wiring: only its output must fit. */
  replace<const Id extends keyof Nodes & string, Input, Output, Config, Wired extends Inputs<Id, Input>>(
    id: Id & IsStep<Id, Nodes[Id]>,
    step: Step<Input, Output, Config> & StillProduces<Id, PlacedTypes<Nodes[Id]>['output'], Output>,
    wire: (scope: PlacedTypes<Nodes[Id]>['seen']) => Wired & NoExtra<Id, Wired, Input>,
    config?: NoInfer<Partial<Config>>,
  ): Edit<PipelineId, Nodes>;

  /** The same step, with some of its config changed. */
  configure<const Id extends keyof Nodes & string>(
    id: Id & IsStep<Id, Nodes[Id]>,
    config: Partial<PlacedTypes<Nodes[Id]>['config']>,
  ): Edit<PipelineId, Nodes>;

  /** The same step on new wiring. */
  rewire<const Id extends keyof Nodes & string, Wired extends Inputs<Id, PlacedTypes<Nodes[Id]>['input']>>(
    id: Id & IsStep<Id, Nodes[Id]>,
    wire: (scope: PlacedTypes<Nodes[Id]>['seen']) => Wired & NoExtra<Id, Wired, PlacedTypes<Nodes[Id]>['input']>,
  ): Edit<PipelineId, Nodes>;

  /** Other options of a step's place, or other limits of a repeat or a map. */
  options<const Id extends keyof Nodes & string>(id: Id, options: Adjustable<Nodes[Id]>): Edit<PipelineId, Nodes>;

  /**
   * All edits of another variant of the same pipeline. Own edits override them, in any order of the calls: config and
   * options key by key. Two included variants that edit one node are refused at definition.
   */
  include(variant: Variant<PipelineId>): Edit<PipelineId, Nodes>;
}

export const isVariant = (pipeline: object): pipeline is AnyVariant =>
  'variantOf' in pipeline && typeof pipeline.variantOf === 'string';
