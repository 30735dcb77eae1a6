/** What a run was given by the experiments on its pipeline: decided once, before it starts, and kept with it. */

export interface RunAssignment {
  readonly experiment: string;
  /** The arm's name, and its index in the spec. */
  readonly arm: string;
  readonly armIndex: number;
  readonly stage: number;
  readonly unit: string;
  /** Of this arm, for a unit in the share. */
  readonly probability: number;
  /** Its arm was set by name: served, and not analysed. */
  readonly isOverride: boolean;
}

/** The same as the workflow carries it: with the nodes at which the unit meets its arm. */
export interface CarriedAssignment extends RunAssignment {
  /** Ids of nodes that any arm edits, with those inside edited containers. */
  readonly nodes: readonly string[];
}
