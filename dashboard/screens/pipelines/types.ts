/** What the API says of pipelines. */
import type { PlanOverride } from '../../../src/plan/diff.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { DeploymentRow } from '../../../src/store/deployments.ts';

/** `wonBy`: experiments whose winning edits it has besides the variant's. */
export type Deployment = Omit<DeploymentRow, 'promoted'> & { readonly wonBy: readonly string[] };

export interface PipelineView {
  /** `docs-bot`, or of a variant `docs-bot:wide`. */
  readonly name: string;
  readonly planId: string;
  /** Null: the definition in code is served. */
  readonly deployment: Deployment | null;
}

export interface StoredPlan {
  readonly planId: string;
  readonly plan: Plan;
  /** Of a variant in code: where it changes what a variant that it includes has edited. */
  readonly overrides?: readonly PlanOverride[];
}

export const baseOf = (name: string): string => name.split(':')[0]!;
export const variantOf = (name: string): string | undefined => name.split(':')[1];
