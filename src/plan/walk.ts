/**
 * The walker: what running a plan means, as one pure function of the plan, its input and the order in which calls end.
 */
export * from './walk/contract.ts';
