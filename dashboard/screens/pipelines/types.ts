/** Pipelines as the API gives them. */
import type { ApiAnswer } from '../../../src/contract/api.ts';

export type Deployment = ApiAnswer<'listDeployments'>['deployments'][number];
/** Its name is `docs-bot`, or of a variant `docs-bot:wide`. Without a deployment, the definition in code is served. */
export type PipelineView = ApiAnswer<'getPipeline'>;
export type StoredPlan = ApiAnswer<'getPlan'> & Partial<ApiAnswer<'getPipelinePlan'>>;

export const baseOf = (name: string): string => name.split(':')[0]!;
export const variantOf = (name: string): string | undefined => name.split(':')[1];
