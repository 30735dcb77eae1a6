/** The product's workflows and the baselines, in one bundle, so that one worker hosts both. */
export * from '../../workflows/index.ts';
export * from './hand-written.ts';
