/**
 * Every bound that a definition or a plan is held to. They are far above what a sensible pipeline needs and far below
 * what would hurt a workflow, its history or a screen. Numbers only: this file is in the workflow bundle.
 */
export const LIMITS = Object.freeze({
  /** Characters of a step's, pipeline's, variant's or node's own name; an inlined node (`faq/picked`) has several. */
  idLength: 64,
  /** Characters of a node's whole id, with the names of all pipelines it was inlined through. */
  inlinedIdLength: 200,
  /** Nodes of one plan, those inside containers included. */
  nodes: 200,
  /** Containers (repeat, branch, map) within each other. */
  depth: 6,
  /** Rounds of one repeat. */
  rounds: 20,
  /** Items of one map. */
  items: 1_000,
  /** Items of one map that are under way at once. */
  concurrency: 100,
  /** Node runs of one run, those in every round and item: containers within each other could come to 10^15. */
  nodeRuns: 20_000,
  /** Tries of one call. */
  attempts: 100,
  /** For one attempt, for a heartbeat and for a pause between attempts: one day. */
  durationMs: 86_400_000,
  /** How much longer each pause between attempts may be than the one before. */
  backoffFactor: 10,
  /** A step's version. */
  version: 1_000_000,
  /** Characters of one literal (a config, an orElse, a constant in a wiring) as JSON. Larger data belongs in an index. */
  literalCharacters: 262_144,
  /** Levels of lists and objects within one literal or wiring. */
  literalDepth: 32,
  /** Levels of lists and objects within a whole plan read from outside: what the limits above can add up to. */
  planDepth: 128,
  /** Bytes of a whole plan as canonical JSON; Temporal's own limit for one payload is 2 MB. */
  planBytes: 1_500_000,
  /**
   * Bytes of a plan without its configs: it goes into the workflow's input as one payload with the run's own input, which
   * may have 1.5 MB.
   */
  skeletonBytes: 400_000,
  /** Plans up to this size go into the workflow's input whole; larger ones as a skeleton. */
  wholePlanBytes: 8_192,
  /** Variants of one evaluation, the baseline not counted. */
  evaluatedVariants: 20,
  scorers: 50,
  /** Fields of one scorer that are scores. */
  scoreFields: 20,
  /** Metrics that one evaluation declares. */
  metrics: 50,
  /** Those together with the ones that follow from its scorers. */
  allMetrics: 200,
  /** Walks of one example by one variant. */
  repeats: 20,
  /** Characters of what people are asked. */
  rubricQuestion: 2_000,
  /** Variants of one experiment: each takes units from all others. */
  experimentVariants: 10,
  /** Metrics that one experiment declares. */
  experimentMetrics: 20,
  /** Units of one experiment that get their arm by name: every process that assigns arms loads them. */
  overrides: 1_000,
  /** For what an experiment lasts, and for each part of that: one year. */
  experimentMs: 31_536_000_000,
  /** Between two looks, and for the breaker's window, at least: one second. */
  lookMs: 1_000,
  /** Units that may be waited for, before a decision or before the next step of a rollout. */
  units: 10_000_000,
  rolloutSteps: 20,
});

/** Words of the language: a scope offers its own value under each of them. */
export const RESERVED_IDS: readonly string[] = [
  'input',
  'output',
  'carry',
  'item',
  'run',
  'rounds',
  'scores',
  'expected',
];
