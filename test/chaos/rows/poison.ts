/** Payloads that no client of ours would send: the run they reach ends typed within one task, or does not notice. */
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { ANSWER_UPDATE, RUN_WORKFLOW } from '../../../src/model/run-messages.ts';
import { atMost, exactly } from '../figures.ts';
import { eventsOf, taskFailures } from '../histories.ts';
import { underWay } from '../ledger.ts';
import { CHAIN_LENGTH, isRight, workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';

interface Payload {
  readonly metadata?: { readonly [key: string]: Uint8Array };
  readonly data?: Uint8Array;
}

const bytes = (text: string) => Buffer.from(text);
const json = (text: string): Payload => ({ metadata: { encoding: bytes('json/plain') }, data: bytes(text) });

const POISONS: { readonly [name: string]: readonly Payload[] } = {
  'no payload at all': [],
  'half a document': [json('{"planId":')],
  'another document': [json('"hello"')],
  null: [json('null')],
  'a plan of another format': [
    json('{"planId":"p","plan":{"format":99,"nodes":[]},"input":{},"limits":{"deadlineMs":1}}'),
  ],
  'nodes of no kind': [
    json(
      '{"planId":"p","plan":{"format":1,"pipeline":"p","schemas":{},"nodes":[{"kind":"x","id":"a"}],"output":{"$from":["a"]}},"input":{},"limits":{"deadlineMs":60000,"queueMs":60000}}',
    ),
  ],
  bytes: [{ metadata: { encoding: bytes('binary/plain') }, data: Buffer.from([0, 1, 255]) }],
  'an encoding nobody knows': [{ metadata: { encoding: bytes('binary/sealed') }, data: bytes('x') }],
  'no encoding': [{ data: bytes('x') }],
};

/** Readable, so it is walked: its failure is recorded too, which takes a second task. */
const WALKED = 'nodes of no kind';

export const r16: Row = {
  id: 'R16',
  title: 'poison in the input of a start and in the argument of an update',
  play: (place: Place) =>
    withScene(place, { name: 'R16' }, async (scene) => {
      await scene.startWorker();
      const healthy = scene.runMany(workChain(3_000), IN_FLIGHT);
      await scene.ledger.until('healthy runs under way', (lines) => underWay(lines).length === IN_FLIGHT);
      const names = Object.keys(POISONS);
      const [starts, updates] = [
        await Promise.all(names.map((name) => poisonStart(scene, name))),
        await poisonUpdates(scene),
      ];
      const played = await healthy;
      const unreadable = starts.filter(({ name }) => name !== WALKED);
      return [
        exactly(
          'poisoned starts that ended typed',
          starts.filter(({ type }) => type !== undefined).length,
          names.length,
        ),
        atMost('most workflow tasks of one', Math.max(...unreadable.map(({ tasks }) => tasks)), 1),
        exactly(
          'failed workflow tasks',
          starts.reduce((sum, { failures }) => sum + failures, updates.failures),
          0,
        ),
        exactly('poisoned updates rejected', updates.rejected, names.length - 1),
        exactly('answers of the run they were sent to', updates.answered, 1),
        exactly('healthy runs beside them, with the right answer', played.filter(isRight).length, IN_FLIGHT),
      ];
    }),
};

/** Sends it past our client; waits for the end of the execution. */
async function poisonStart(scene: Scene, name: string) {
  const workflowId = `poison-${randomUUID()}`;
  const { namespace } = scene.runtime.temporal;
  await scene.runtime.connection.workflowService.startWorkflowExecution({
    ...{ namespace, workflowId, requestId: randomUUID(), identity: 'chaos' },
    workflowType: { name: RUN_WORKFLOW },
    taskQueue: { name: scene.config.queues.run },
    input: { payloads: [...POISONS[name]!] },
  });
  const type = await scene.temporal.workflow
    .getHandle(workflowId)
    .result()
    .then(() => undefined, typeOf);
  const history = await scene.historyOf(workflowId);
  const tasks = eventsOf(history).filter((event) => event.workflowTaskCompletedEventAttributes).length;
  return { name, type, tasks, failures: taskFailures(history) };
}

function typeOf(error: unknown): string | undefined {
  if (!(error instanceof WorkflowFailedError)) throw error;
  return error.cause instanceof ApplicationFailure ? (error.cause.type ?? undefined) : undefined;
}

/** Sends each poison to one run under way, which must answer all the same. */
async function poisonUpdates(scene: Scene) {
  const run = await scene.runtime.client.start(workChain(300), { n: 1 });
  await scene.ledger.until('the run is under way', (lines) => lines.some(({ key }) => key.startsWith(run.runId)));
  const given = Object.values(POISONS).filter((payloads) => payloads.length > 0);
  const outcomes = await Promise.all(given.map((payloads) => poisonUpdate(scene, run.runId, payloads)));
  const { output } = await run.finished;
  return {
    rejected: outcomes.filter((outcome) => outcome === 'rejected').length,
    answered: (output as { n?: number } | null)?.n === 1 + CHAIN_LENGTH ? 1 : 0,
    failures: taskFailures(await scene.historyOf(run.runId)),
  };
}

async function poisonUpdate(scene: Scene, workflowId: string, payloads: readonly Payload[]): Promise<string> {
  const response = await scene.runtime.connection.workflowService.updateWorkflowExecution({
    namespace: scene.runtime.temporal.namespace,
    workflowExecution: { workflowId },
    waitPolicy: { lifecycleStage: 3 }, // completed
    request: {
      meta: { updateId: randomUUID(), identity: 'chaos' },
      input: { name: ANSWER_UPDATE, args: { payloads: [...payloads] } },
    },
  });
  return response.outcome?.failure ? 'rejected' : 'accepted';
}
