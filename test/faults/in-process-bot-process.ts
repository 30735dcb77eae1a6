/**
 * The same steps without Temporal: plain calls, one after another, in one process, as scripts do it. What it has when it
 * is killed is lost, so it begins again. Prints the answer.
 */
import type { StepContext } from '../../src/boundary/implement.ts';
import { readConfig } from '../../src/config/config.ts';
import { stepName } from '../../src/dsl/step.ts';
import { createProviders } from '../../src/models/create-providers.ts';
import { createEmbedderOf } from '../../src/models/served-embedders.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import type { Json, StepNode } from '../../src/plan/plan.ts';
import { createActivities } from '../../src/steps/implementations.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { hurriedBot } from './hurried-bot.ts';

type Data = { readonly [key: string]: Json };

const config = readConfig(process.env);
const database = openDatabase(config.databaseUrl!);
const providers = createProviders(config.providers);
const embedderOf = createEmbedderOf(providers);
const steps = createActivities({ store: createStore(database), providers, embedderOf });
const nodes = new Map(
  [...nodesOf(hurriedBot.plan)].filter((node): node is StepNode => node.kind === 'step').map((node) => [node.id, node]),
);

async function call(id: string, input: object): Promise<Data> {
  const { step, config: asWritten } = nodes.get(id)!.call;
  const { run } = steps.find((each) => stepName(each.step) === step)!;
  const context: StepContext<unknown> = {
    ...{
      config: asWritten,
      runId: 'in-process',
      key: id,
      attempt: 1,
      idempotencyKey: `in-process:${id}`,
      priority: 'serving',
    },
    ...{ signal: new AbortController().signal, heartbeat: () => undefined, emit: () => undefined },
  };
  return (await run(input, context)) as Data;
}

const [question] = process.argv.slice(2);
const enhance = await call('enhance', { question });
const vector = await call('vector', { queries: enhance.queries });
const keyword = await call('keyword', { query: enhance.standalone });
const fused = await call('fused', { lists: [vector.passages, keyword.passages] });
const ranked = await call('ranked', { query: enhance.standalone, passages: fused.passages });
const draft = await call('draft', { question: enhance.standalone, passages: ranked.passages, feedback: '' });
const check = await call('check', { question: enhance.standalone, answer: draft, passages: fused.passages });
process.stdout.write(`${JSON.stringify({ text: draft.text, passed: check.passed })}\n`);
await database.close();
