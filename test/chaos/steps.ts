/** The steps that the chaos rows run, and what is behind them in the worker processes. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Implemented, implement, type StepContext } from '../../src/boundary/implement.ts';
import { defineStep, stepName } from '../../src/index.ts';
import { evaluationSteps } from './evaluation-steps.ts';
import { type LedgerWriter, writeLedger } from './ledger.ts';
import { splitSteps } from './split-steps.ts';

export const Count = z.object({ n: z.int() });
const Pause = z.object({ ms: z.int() });
const Text = z.object({ text: z.string() });
const Url = z.object({ url: z.string() });

const backoff = { first: '100 ms', factor: 1, max: '100 ms' } as const;
/** Far above what the steps take, so that a slow machine repeats nothing. */
const patient = { attempts: 5, timeout: '30 seconds', backoff } as const;
const once = { attempts: 1, timeout: '5 seconds' } as const;

/** Takes its time, then has an effect on the outside world. It says nothing of heartbeats. */
export const work = defineStep('work', {
  version: 1,
  input: Count,
  output: Count,
  config: Pause,
  effect: 'write',
  policy: patient,
});
/** Computes and has no effect, so it may run in the local lane. */
export const compute = defineStep('compute', {
  version: 1,
  input: Count,
  output: Count,
  config: Pause,
  effect: 'none',
  policy: patient,
});
export const makeText = defineStep('makeText', {
  version: 1,
  input: Count,
  output: Text,
  config: z.object({ bytes: z.int() }),
  effect: 'read',
  policy: once,
});
export const joinTexts = defineStep('joinTexts', {
  version: 1,
  input: z.object({ texts: z.array(z.string()) }),
  output: Count,
  effect: 'read',
  policy: once,
});
/** Never ends, and does not listen when told to. */
export const hang = defineStep('hang', { version: 1, input: Count, output: Count, effect: 'read', policy: once });
/** Keeps its process so busy that nothing else happens there. */
export const block = defineStep('block', {
  version: 1,
  input: Count,
  output: Count,
  config: Pause,
  effect: 'read',
  policy: once,
});
export const fetchAll = defineStep('fetchAll', { version: 1, input: Url, output: Text, effect: 'read', policy: once });
/** Beats with each part that arrives. */
export const fetchParts = defineStep('fetchParts', {
  version: 1,
  input: Url,
  output: Text,
  effect: 'read',
  policy: { attempts: 1, timeout: '30 seconds', heartbeat: '4 seconds', beats: 'progress' },
});

export interface StepSettings {
  readonly ledger: string;
  /** Steps that this worker does not have. */
  readonly without?: readonly string[];
}

export function chaosSteps({ ledger: folder, without = [] }: StepSettings): readonly Implemented[] {
  const ledger = writeLedger(folder);
  return [
    implement(work, ({ n }, context) =>
      recorded(ledger, context, async (call) => {
        await delay(context.config.ms, undefined, { signal: context.signal });
        ledger.apply(call);
        return { n: n + 1 };
      }),
    ),
    implement(compute, ({ n }, context) =>
      recorded(ledger, context, async () => {
        await delay(context.config.ms, undefined, { signal: context.signal });
        return { n: n + 1 };
      }),
    ),
    implement(makeText, (_, { config }) => ({ text: 'x'.repeat(config.bytes) })),
    implement(joinTexts, ({ texts }) => ({ n: texts.length })),
    implement(hang, (_, context) => recorded(ledger, context, () => new Promise(() => undefined))),
    implement(block, (input, context) =>
      recorded(ledger, context, async () => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, context.config.ms);
        return input;
      }),
    ),
    implement(fetchAll, ({ url }, context) =>
      recorded(ledger, context, async () => ({ text: await (await fetch(url, { signal: context.signal })).text() })),
    ),
    implement(fetchParts, ({ url }, context) =>
      recorded(ledger, context, async (call) => {
        const response = await fetch(url, { signal: context.signal });
        let text = '';
        for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
          context.heartbeat();
          ledger.note('beat', call);
          text += part;
        }
        return { text };
      }),
    ),
    ...evaluationSteps(ledger),
    ...splitSteps(ledger, folder),
  ].filter(({ step }) => !without.includes(stepName(step)));
}

type Call = { readonly key: string; readonly attempt: number };

async function recorded<Result>(
  ledger: LedgerWriter,
  { idempotencyKey: key, attempt }: StepContext<unknown>,
  body: (call: Call) => Promise<Result>,
): Promise<Result> {
  ledger.note('start', { key, attempt });
  const result = await body({ key, attempt });
  ledger.note('end', { key, attempt });
  return result;
}
