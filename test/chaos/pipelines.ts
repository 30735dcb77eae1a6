/** Pipelines of the chaos steps. An answer counts the steps it went through, so a wrong one shows. */
import { definePipeline } from '../../src/index.ts';
import type { Played } from './scene.ts';
import { Count, compute, work } from './steps.ts';

export const CHAIN_LENGTH = 5;

/** Five steps with effects, one after another. */
export const workChain = (ms: number) =>
  definePipeline('work-chain', Count)
    .step('one', work, ({ input }) => ({ n: input.n }), { ms })
    .step('two', work, ({ one }) => ({ n: one.n }), { ms })
    .step('three', work, ({ two }) => ({ n: two.n }), { ms })
    .step('four', work, ({ three }) => ({ n: three.n }), { ms })
    .step('five', work, ({ four }) => ({ n: four.n }), { ms })
    .output(Count, ({ five }) => ({ n: five.n }));

const local = { lane: 'local' } as const;

/** Five pure steps in the local lane. */
export const localChain = (ms: number) =>
  definePipeline('local-chain', Count)
    .step('one', compute, ({ input }) => ({ n: input.n }), { ms }, local)
    .step('two', compute, ({ one }) => ({ n: one.n }), { ms }, local)
    .step('three', compute, ({ two }) => ({ n: two.n }), { ms }, local)
    .step('four', compute, ({ three }) => ({ n: three.n }), { ms }, local)
    .step('five', compute, ({ four }) => ({ n: four.n }), { ms }, local)
    .output(Count, ({ five }) => ({ n: five.n }));

const SERVED_STEP_MS = 50;
/** A pure step in the local lane, then one with an effect: what the API serves. */
export const servedChain = definePipeline('served-chain', Count)
  .step('one', compute, ({ input }) => ({ n: input.n }), { ms: SERVED_STEP_MS }, local)
  .step('two', work, ({ one }) => ({ n: one.n }), { ms: SERVED_STEP_MS })
  .output(Count, ({ two }) => ({ n: two.n }));
export const SERVED_STEPS = 2;

/** Whether a run of one of these chains completed and gave its answer. */
export const isRight = ({ n, result }: Played): boolean =>
  result.outcome === 'completed' && (result.output as { readonly n?: number }).n === n + CHAIN_LENGTH;
