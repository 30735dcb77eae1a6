/**
 * What is paid again when a process is killed between rerank and generate: `sluice worker`, whose run another worker
 * ends, against the same steps as plain calls in one process, which has to begin again. Both are killed at the moment at
 * which the draft's request has arrived at the provider; who was called, the provider says.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RequestSeen } from '../standin/record.ts';
import { hurriedBot, MODELS } from './hurried-bot.ts';
import { type Account, accountOf } from './money.ts';
import type { Stage } from './stage.ts';
import type { Worker } from './worker.ts';

export interface Resumed {
  /** Calls to providers that had their answer when the process was killed. */
  readonly before: number;
  /** Of these, how many were made again. */
  readonly repeated: number;
  /** The call that was under way was made again: nothing else can tell what became of it. */
  readonly inFlightAgain: number;
  readonly answer: string;
  /** From the kill to the answer. */
  readonly seconds: number;
}

const QUESTION = 'Within how many days of the return of the goods is a refund paid?';
const draftModel = { model: MODELS.draft.slice(MODELS.draft.indexOf('/') + 1) };

export interface ResumedRun extends Resumed {
  readonly account: Account;
  /** The worker that went on. */
  readonly successor: Worker;
}

/** Kills the only worker of the stage, and starts another. */
export async function killWorker(stage: Stage, worker: Worker): Promise<ResumedRun> {
  const { standIn, runtime } = stage;
  await standIn.fault({ kind: 'hang' }, draftModel);
  const start = (await standIn.requests()).length;
  const running = runtime.client.run(hurriedBot, { question: QUESTION });
  await untilDrafting(stage, start);
  await worker.kill();
  const killedAt = performance.now();
  const successor = await stage.startWorker();
  const result = await running;
  const seconds = (performance.now() - killedAt) / 1_000;
  const requests = (await standIn.requests()).slice(start);
  const { text } = result.output as { readonly text: string };
  return { ...repeatedIn(requests), seconds, answer: text, account: accountOf(result, requests), successor };
}

export async function killScript(stage: Stage): Promise<Resumed> {
  const { standIn } = stage;
  await standIn.fault({ kind: 'hang' }, draftModel);
  const start = (await standIn.requests()).length;
  const first = startScript(stage);
  await untilDrafting(stage, start);
  const gone = once(first, 'exit');
  first.kill('SIGKILL');
  await gone;
  const killedAt = performance.now();
  const text = await answerOf(startScript(stage));
  const seconds = (performance.now() - killedAt) / 1_000;
  return { ...repeatedIn((await standIn.requests()).slice(start)), seconds, answer: text };
}

const isDraft = ({ model }: RequestSeen): boolean => model === draftModel.model;

async function untilDrafting({ standIn }: Stage, start: number): Promise<void> {
  await standIn.until((requests) => requests.slice(start).some(isDraft));
}

function repeatedIn(requests: readonly RequestSeen[]) {
  const cut = requests.findIndex(isDraft);
  const asText = ({ route, body }: RequestSeen) => `${route} ${JSON.stringify(body)}`;
  const before = requests.slice(0, cut);
  const after = requests.slice(cut + 1).map(asText);
  return {
    before: before.length,
    repeated: before.filter((request) => after.includes(asText(request))).length,
    inFlightAgain: after.filter((text) => text === asText(requests[cut]!)).length,
  };
}

const program = fileURLToPath(new URL('in-process-bot-process.ts', import.meta.url));

function startScript({ environment }: Stage): ChildProcess {
  return spawn(process.execPath, [program, QUESTION], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function answerOf(script: ChildProcess): Promise<string> {
  let said = '';
  script.stdout!.setEncoding('utf8').on('data', (piece: string) => {
    said += piece;
  });
  const [code] = await once(script, 'close');
  if (code !== 0) throw new Error(`the script ended with ${code}`);
  return (JSON.parse(said) as { readonly text: string }).text;
}
