/**
 * Sluice's definitions: everything needed to declare steps, pipelines and their variants, and nothing that does I/O. A
 * pipeline's files import this and zod, so they can be loaded by workers, clients, tools and tests alike.
 */

export { DefinitionError, SluiceError } from './base/errors.ts';
// What the types of pipelines are made of: named here, so that programs which export one can emit its declaration.
export type {
  Chain,
  Container,
  FirstChain,
  MapSettings,
  Part,
  Place,
  Placed,
  RepeatSettings,
  Round,
} from './dsl/chain.ts';
export { type AnyDataset, type Dataset, defineDataset } from './dsl/dataset.ts';
export type { ChatMessage, ChatRequest } from './dsl/draft.ts';
export type { AnyPipeline, AnyVariant, Edit, Pipeline, Variant, WritesHaveDryRun } from './dsl/edit.ts';
export { type AnyEvaluation, defineEvaluation } from './dsl/evaluation.ts';
export { type AnyExperiment, defineExperiment } from './dsl/experiment.ts';
export { defineHumanScorer, type Rubric } from './dsl/human-scorer.ts';
export type { Metric } from './dsl/metric.ts';
export {
  type Direction,
  type Goal,
  metric,
  type OpenMetric,
  type PairScore,
  type ShownMetric,
  type Win,
} from './dsl/metric.ts';
export { type AnyMonitor, defineMonitor } from './dsl/monitor.ts';
export { definePipeline } from './dsl/pipeline.ts';
export type { Ref, Scope, Value, WiringError } from './dsl/ref.ts';
export type { Duration } from './dsl/refuse.ts';
export type { ScoreOptions, ScoreSettings, Scores } from './dsl/scorer.ts';
export { type AnyScorer, definePairScorer, defineScorer, type Scorer } from './dsl/scorer.ts';
export type { Policy } from './dsl/step.ts';
export {
  type AnyStep,
  type ConfigOf,
  type Contract,
  defineStep,
  type Effect,
  type InputOf,
  type OutputOf,
  type Step,
  stepName,
  type WithDryRun,
} from './dsl/step.ts';
export type { Json, NodeEdit, Plan } from './plan/plan.ts';
