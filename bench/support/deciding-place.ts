/** What a request to docs-bot meets while a lot is going on: four experiments on different nodes, and a rollout beside them. */
import { hydeOnline, rerankOnline } from '../../pipelines/docs-bot.experiments.ts';
import { deep, docsBot } from '../../pipelines/docs-bot.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { defineExperiment, metric, type Variant } from '../../src/index.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import { planId } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { Store } from '../../src/store/store.ts';

const by = 'bench';
const why = 'to be measured';

const brief = docsBot.variant('brief', (edit) => edit.configure('draft', { model: 'openai/gpt-5-nano' }));
const strict = docsBot.variant('strict', (edit) => edit.configure('check', { model: 'openai/gpt-5' }));

const specOf = (id: string, variant: Variant<typeof docsBot.id, string>): ExperimentSpec =>
  defineExperiment(id, {
    pipeline: docsBot,
    variants: [variant],
    traffic: { share: 0.5, weights: { baseline: 0.5, [variant.name]: 0.5 } },
    metrics: ({ feedback }) => ({ primary: [metric.rate('thumbs-up', feedback.up).increase()] }),
  }).spec;

/** Requests here say more than docs-bot reads: who asks, and whether they pay. */
const SPECS: readonly ExperimentSpec[] = [
  rerankOnline.spec,
  hydeOnline.spec,
  { ...specOf('brief-online', brief), unit: { $from: ['input', 'userId'] }, target: { $from: ['input', 'pays'] } },
  specOf('strict-online', strict),
];

/** Deploys docs-bot and starts what is on it; gives the rollout's id. */
export async function startExperiments({ plans, deployments, experiments }: Store): Promise<string> {
  const pipeline = docsBot.id;
  const id = planId(docsBot.plan);
  await plans.put(id, docsBot.plan);
  await deployments.deploy({
    ...{ pipeline, planId: id, variant: null, promoted: [], holdOut: 0.05, kind: 'deploy' },
    ...{ by, why, restaged: [], expected: 0 },
  });
  const start = async (spec: ExperimentSpec, winner?: string) => {
    const kind = winner === undefined ? 'experiment' : 'rollout';
    const settings = freezeSettings(spec, { nStar: 5_000, vRefs: spec.metrics.map(() => 1) });
    const expected = await experiments.version(pipeline);
    return experiments.start({
      ...{ name: spec.name, pipeline, kind, spec, settings, by, why, facts: { snapshots: {} }, expected },
      ...(winner !== undefined && { winner }),
    });
  };
  for (const spec of SPECS) await start(spec);
  return (await start(specOf('deep-rollout', deep), deep.name)).experimentId;
}

export interface Asked {
  readonly input: Json;
  readonly unit: string;
}

/** Each of a few thousand users comes again and again. */
export function requestOf(index: number, users: number): Asked {
  const user = `user-${(index * 7_919) % users}`;
  const input = {
    question: `How do I stream tokens from step ${index}?`,
    history: [
      { role: 'user', content: 'What is a step?' },
      { role: 'assistant', content: 'A typed function with a policy. [1]' },
    ],
    userId: user,
    pays: index % 3 === 0,
  };
  return { input, unit: user };
}
