/** What a comparison means for a pipeline of checks: whether a change may pass, as one word and an exit code. */

/** 0 passed, 3 failed, 4 inconclusive, 5 tampered. */
export type GateExitCode = 0 | 3 | 4 | 5;

export interface ComparisonGate {
  readonly status: 'passed' | 'failed' | 'inconclusive' | 'tampered';
  readonly exitCode: GateExitCode;
  /** `explain()`'s line, then why. */
  readonly sentences: readonly string[];
  /** Of each side but the baseline. */
  readonly sides: readonly SideGate[];
}

export interface SideGate {
  /** Place in the report's sides. */
  readonly side: number;
  readonly status: 'passed' | 'failed' | 'inconclusive';
  /** Why, as clauses; empty where it passed. */
  readonly reasons: readonly string[];
}
