/**
 * Seconds from a command's last line to the end of its process, where a call to a model provider fails, breaks off or is
 * never answered, and after one SIGTERM. Each command runs as a process, in a project of its own, on a stand-in of the
 * providers. A signal is sent while a call hangs, or, for what serves, with nothing under way as well.
 *
 * npm run bench:ending [-- --only=ask] [--smoke: `ask` alone, and no figure is judged]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from '../test/standin/faults.ts';
import { startStandIn } from '../test/standin/start.ts';
import { type Figure, report } from './support/report.ts';

const LIMIT_S = 2;
/** What is still running then is killed, and counts as never ended. */
const KILL_AFTER_MS = 240_000;
const KEY = 'k9-good-0123456789';
const root = process.cwd();
const isSmoke = process.argv.includes('--smoke');
const only = isSmoke ? 'ask' : process.argv.find((each) => each.startsWith('--only='))?.slice('--only='.length);

const FAULTS: { readonly [name: string]: Fault } = {
  failed: { kind: 'status', status: 401 },
  aborted: { kind: 'cut' },
  hanging: { kind: 'hang' },
};

/** A step that asks Cohere once, and gives up after 5 seconds: a hanging call ends while somebody waits for it. */
const PROJECT = `
import { z } from '${root}/node_modules/zod/index.js';
import { defineEvaluation, definePipeline, defineScorer, metric } from '${root}/src/index.ts';
import { docsSearch } from '${root}/pipelines/docs-search.ts';
import { aiDocs } from '${root}/pipelines/questions.ts';
import { Question } from '${root}/src/model/step-schemas.ts';
import { enhanceQuery, judgeAnswer } from '${root}/src/steps/index.ts';

const model = 'cohere/command-a-03-2025';
const quick = definePipeline('quick', Question)
  .step('enhance', enhanceQuery, ({ input }) => input, { model, maxQueries: 4 }, { attempts: 1, timeout: '5 seconds' })
  .output(z.object({ text: z.string() }), ({ enhance }) => ({ text: enhance.standalone }));
const fewer = quick.variant('fewer', (edit) => edit.configure('enhance', { maxQueries: 2 }));
const worded = defineScorer('worded', { pipeline: quick, dataset: aiDocs }, judgeAnswer,
  ({ input, output, expected }) => ({ question: input.question, answer: output.text, expected: expected.answer }),
  { judge: false, config: { model: 'local/lexical' } });
export const pipelines = [quick, fewer, docsSearch];
export const datasets = [aiDocs];
export const evaluations = [defineEvaluation('quick-answers', { pipeline: quick, dataset: aiDocs, variants: [fewer],
  scorers: [worded],
  metrics: ({ score }) => ({ primary: [metric.mean('words', score(worded).score).increase({ minimumEffect: 0.1 })] }) })];
`;

const standIn = await startStandIn();
const folder = await mkdtemp(join(tmpdir(), 'sluice-ending-'));
await mkdir(join(folder, 'pipelines'));
await cp(join(root, 'pipelines', 'datasets'), join(folder, 'pipelines', 'datasets'), { recursive: true });
await mkdir(join(folder, 'docs'));
await writeFile(join(folder, 'pipelines', 'index.ts'), PROJECT);
await writeFile(join(folder, 'docs', 'tools.md'), '# Tools\n\nA tool is a function that a model may call.\n');

const ASKING = ['ask', 'quick', 'What is a tool?'];
const SERVING = ['dev', 'serve', 'worker'];
const COMMANDS: readonly (readonly string[])[] = [
  ['doctor', '--online'],
  ['search', '--index', 'tools', '--mode', 'vector', 'tool'],
  ASKING,
  [...ASKING, '--stream'],
  ['ingest', 'docs', '--index', 'new', '--embed', 'cohere/embed-v4.0'],
  ['eval', 'run', 'quick-answers', '--limit', '1'],
];

interface Ended {
  readonly code: number | null;
  /** Seconds to the end of the process: from its last output, and from the signal. */
  readonly sinceOutput: number;
  readonly sinceSignal: number;
  readonly lastLine: string;
}

interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  wrote(text: string): Promise<void>;
  terminate(): void;
}

function start(args: readonly string[], settings: { readonly [name: string]: string } = {}): Started {
  const ours = /^(SLUICE_(?!TEMPORAL_CLI)|TEMPORAL_|DATABASE_URL$)/;
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))),
    ...{ SLUICE_CACHE: join(root, '.sluice', 'cache'), SLUICE_HTTP_LISTEN: '127.0.0.1:0' },
    ...{ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: standIn.openaiUrl, CO_API_KEY: KEY, COHERE_BASE_URL: standIn.cohereUrl },
    ...settings,
  };
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), ...args], {
    ...{ cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: KILL_AFTER_MS, killSignal: 'SIGKILL' },
  });
  let all = '';
  let outputAt = performance.now();
  let signalAt = Number.NaN;
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      outputAt = performance.now();
      all += text;
      child.emit('wrote');
    });
  const ended = once(child, 'exit').then(async ([code]) => {
    const exitAt = performance.now();
    await new Promise(setImmediate);
    const since = (at: number) => Math.max(0, exitAt - at) / 1_000;
    return {
      code,
      sinceOutput: since(outputAt),
      sinceSignal: since(signalAt),
      lastLine: all.trim().split('\n').at(-1)!,
    };
  });
  return {
    process: child,
    ended,
    async wrote(text) {
      while (!all.includes(text)) {
        if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended without '${text}':\n${all}`);
        await Promise.race([once(child, 'wrote'), ended]);
      }
    },
    terminate() {
      signalAt = performance.now();
      child.kill('SIGTERM');
    },
  };
}

const figures: Figure[] = [];
function add(what: string, seconds: number, { code, lastLine }: Ended): void {
  console.log(`${what}: exit ${code}, ${seconds.toFixed(2)} s; ${lastLine.slice(0, 110)}`);
  // A process that had to be killed has no exit code.
  figures.push({
    what,
    value: code === null ? Number.POSITIVE_INFINITY : seconds,
    unit: 's',
    asked: { atMost: LIMIT_S },
  });
}

const isAsked = (name: string) => only === undefined || name.startsWith(only);
const callsSeen = () =>
  standIn.until((requests) => requests.some(({ route }) => route.startsWith('cohere/')), KILL_AFTER_MS);

/** An index that has the documents already would call no provider. */
const freshIndex = (args: readonly string[], way: string): readonly string[] =>
  args.map((arg) => (arg === 'new' ? `new-${way}` : arg));

async function measureEnds(args: readonly string[]): Promise<void> {
  const name = args.slice(0, args[0] === 'eval' ? 2 : 1).join(' ') + (args.includes('--stream') ? ' --stream' : '');
  if (!isAsked(name)) return;
  for (const [way, fault] of Object.entries(FAULTS)) {
    await standIn.reset();
    // An ingest tries again, for as long as a provider is away: it meets the fault once.
    await standIn.fault(fault, { times: args[0] === 'ingest' ? 1 : 'always' });
    const ended = await start(freshIndex(args, way)).ended;
    if ((await standIn.requests()).length === 0) throw new Error(`${name} called no provider:\n${ended.lastLine}`);
    add(`${name}, call ${way}`, ended.sinceOutput, ended);
  }
  await standIn.reset();
  await standIn.fault({ kind: 'hang' }, { times: 'always' });
  const running = start(freshIndex(args, 'signal'));
  await Promise.race([callsSeen(), running.ended]);
  running.terminate();
  const ended = await running.ended;
  add(`${name}, SIGTERM while a call hangs`, Math.min(ended.sinceOutput, ended.sinceSignal), ended);
  figures.push({ what: `${name}, from the signal`, value: ended.sinceSignal, unit: 's' });
}

/** What serves, with nothing under way and with a run whose call hangs. `worker` needs servers, which `dev` has. */
async function measureServing(name: string): Promise<void> {
  if (!isAsked(name)) return;
  for (const isBusy of [false, true]) {
    await standIn.reset();
    await standIn.fault({ kind: 'hang' }, { times: 'always' });
    const servers = name === 'worker' ? start(['dev']) : undefined;
    await servers?.wrote('ready in');
    const serving = start([name], isBusy && servers ? { SLUICE_QUEUE_PREFIX: 'own' } : {});
    await serving.wrote(name === 'dev' ? 'ready in' : name === 'serve' ? 'API  ' : '✔ worker');
    const asking = isBusy ? start(ASKING, servers ? { SLUICE_QUEUE_PREFIX: 'own' } : {}) : undefined;
    if (asking) await callsSeen();
    serving.terminate();
    const ended = await serving.ended;
    if (isBusy)
      console.log(`${name}, SIGTERM while a run is under way: ${ended.sinceSignal.toFixed(2)} s; ${ended.lastLine}`);
    else add(`${name}, SIGTERM with nothing under way: from the signal`, ended.sinceSignal, ended);
    if (asking) {
      asking.terminate();
      await asking.ended;
    }
    servers?.terminate();
    await servers?.ended;
  }
}

try {
  await standIn.reset();
  const ingested = await start(['ingest', 'docs', '--index', 'tools', '--embed', 'cohere/embed-v4.0']).ended;
  if (ingested.code !== 0) throw new Error(ingested.lastLine);
  for (const args of COMMANDS) await measureEnds(args);
  for (const name of SERVING) await measureServing(name);
} finally {
  await standIn.close();
  await rm(folder, { recursive: true });
}
const isFine = report('from the last line to the end of the process', figures);
process.exitCode = isFine || isSmoke ? 0 : 1;
