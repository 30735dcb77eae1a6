/**
 * Fifty planted secrets, in what a run is asked, gives, fails with, and in what is said of it: with the rules on, none is in
 * the database, Temporal's history, logs or anything exported; without, all are, in the same places.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { implement } from '../../src/boundary/implement.ts';
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime, type Runtime } from '../../src/host/runtime.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { openDatabase } from '../../src/store/database.ts';
import { run as runCommand } from '../cli/fakes.ts';
import { allText } from '../support/all-text.ts';
import { type Live, startLive } from '../support/live.ts';
import { FIELD, PLANTED, type Place, planted, RULES } from './planted.ts';

const Asked = z.object({ question: z.string(), customer: z.object({ name: z.string() }) });
const policy = { attempts: 2, timeout: '30 seconds', backoff: { first: '10 ms', factor: 1, max: '10 ms' } } as const;
const say = defineStep('say', {
  ...{ version: 1, input: Asked, effect: 'read', policy },
  output: z.object({ text: z.string(), pages: z.array(z.string()) }),
});
const fall = defineStep('fall', {
  version: 1,
  input: Asked,
  output: z.object({ text: z.string() }),
  effect: 'read',
  policy,
});

let said = 0;
const LINES = 60;
const implementations = () => [
  // A draft, an answer that is another one each time, and pages that are too large for a history.
  implement(say, ({ question }, { emit }) => {
    emit(planted('output'));
    said += 1;
    const pages = Array.from({ length: LINES }, () => `${planted('output')} ${'and so on '.repeat(500)}`);
    return { text: `${said}: ${planted('output')}\n${question}`, pages };
  }),
  implement(fall, () => {
    if (said % 2 === 0) throw new Error(planted('failure'));
    const data = { why: planted('failure') };
    throw new StepFailure('fallen', { message: planted('failure'), remedy: planted('failure'), retryable: true, data });
  }),
];

const bot = definePipeline('planted-bot', Asked)
  .step('say', say, ({ input }) => ({ question: input.question, customer: input.customer }))
  .step(
    'fall',
    fall,
    ({ input }) => ({ question: input.question, customer: input.customer }),
    {},
    { orElse: { text: '' } },
  )
  .output(z.object({ text: z.string(), name: z.string() }), ({ say, input }) => ({
    text: say.text,
    name: input.customer.name,
  }));
const asked = { question: `why? ${planted('input')}`, customer: { name: FIELD.text } };

interface Surfaces {
  readonly database: string;
  readonly history: string;
  readonly shown: string;
  readonly exported: string;
  readonly preferences: string;
  readonly answers: string;
}

/** Asks twice, says what people say, exports; and gives all that can be read afterwards. */
async function surfaces(runtime: Runtime, environment: { readonly [name: string]: string }, name: string) {
  const cli = async (...argv: string[]) => {
    const over = { ...runtime, urlOf: runtime.client.urlOf, isUiServed: true, stop: async () => undefined };
    const ran = await runCommand(argv, { runtime: over, environment });
    expect(ran.stderr).not.toContain('error');
    expect(ran.code).toBe(0);
    return ran.stdout;
  };
  const runIds: string[] = [];
  let answers = '';
  for (const thumb of ['up', 'down'] as const) {
    const stream = runtime.client.stream(bot, asked, { drafts: true });
    for await (const event of stream) answers += JSON.stringify(event);
    const { runId } = await stream.started;
    const words = planted('feedback');
    await runtime.client.feedback(runId, { thumb, note: words, fields: { why: words.slice(0, 1_000) } }, { by: words });
    runIds.push(runId);
  }
  await cli('dataset', 'add', name, '--from-run', runIds[0]!, '--accept', '--new');
  const found: Surfaces = {
    exported: await cli('dataset', 'export', name),
    preferences: await cli('dataset', 'export', '--format', 'preference', '--from-feedback'),
    shown: `${await cli('runs', runIds[0]!, '--json')}${await cli('trace', runIds[1]!, '--json')}`,
    history: (await Promise.all(runIds.map((runId) => historyOf(runtime, runId)))).join('\n'),
    database: await databaseOf(runtime),
    answers,
  };
  return { found, runIds, cli };
}

async function databaseOf({ databaseUrl }: Runtime): Promise<string> {
  const database = openDatabase(databaseUrl);
  try {
    return [...(await allText(database)).values()].join('\n');
  } finally {
    await database.close();
  }
}

/** All of it, payloads as they lie there. */
async function historyOf({ connection, temporal: { namespace } }: Runtime, workflowId: string): Promise<string> {
  const execution = { workflowId };
  const { history } = await connection.workflowService.getWorkflowExecutionHistory({ namespace, execution });
  const described = await connection.workflowService.describeWorkflowExecution({ namespace, execution });
  return textIn([history, described]).join('\n');
}

function textIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textIn) : [];
}

const foundIn = (text: string, places?: readonly Place[]) =>
  PLANTED.filter(({ place, secret }) => (places?.includes(place) ?? true) && text.includes(secret));
const countOf = (places: readonly Place[]) => PLANTED.filter(({ place }) => places.includes(place)).length;

let live: Live;
const logged: string[] = [];
beforeAll(async () => {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => logged.push(String(text)) > 0);
  live = await startLive(implementations, { ...RULES, SLUICE_LOG: 'warn' });
});
afterAll(async () => {
  await live?.stop();
  vi.restoreAllMocks();
});

test('with the rules on none of them is anywhere; without, all are, until the runs are erased', async () => {
  const on = await surfaces(live, live.environment, 'planted-on');
  for (const [surface, text] of Object.entries({ ...on.found, logs: logged.join('') })) {
    expect({ surface, found: foundIn(text) }).toEqual({ surface, found: [] });
    expect({ surface, text }).toEqual({ surface, text: expect.stringContaining('[redacted') });
  }

  const { SLUICE_REDACT: _, SLUICE_REDACT_FIELDS: __, SLUICE_REDACT_PATTERNS: ___, ...plain } = live.environment;
  const environment = { ...plain, SLUICE_QUEUE_PREFIX: `${plain.SLUICE_QUEUE_PREFIX}-plain` };
  const folder = live.folder;
  const runtime = await connectRuntime({ folder, config: readConfig(environment), implementations });
  try {
    const off = await surfaces(runtime, environment, 'planted-off');
    const { database, history, shown, exported, preferences, answers } = off.found;
    expect(foundIn(database)).toHaveLength(50);
    expect(foundIn(history)).toHaveLength(countOf(['input', 'output', 'failure']));
    expect(foundIn(shown, ['output', 'failure'])).toHaveLength(countOf(['output', 'failure']));
    for (const text of [exported, preferences]) expect(foundIn(text, ['output'])).toHaveLength(countOf(['output']));
    expect(foundIn(exported)).toContain(FIELD);
    expect(answers).toContain('"kind":"token"');
    expect(on.found.answers).not.toContain('"kind":"token"');

    for (const runId of off.runIds) await off.cli('runs', 'erase', runId, '--yes');
    for (const runId of off.runIds) await expect.poll(() => historyOf(runtime, runId).catch(() => 'gone')).toBe('gone');
    expect(await stillIn(runtime)).toEqual([]);
    expect(await off.cli('runs', off.runIds[0]!)).toContain('by erasure');
  } finally {
    await runtime.stop();
  }
});

/** Tables that hold something planted after all; what was added to a dataset is its owner's, and stays. */
async function stillIn({ databaseUrl }: Runtime): Promise<readonly string[]> {
  const database = openDatabase(databaseUrl);
  try {
    const texts = [...(await allText(database))].filter(([table]) => table !== 'example');
    return texts.filter(([, text]) => foundIn(text).length > 0).map(([table]) => table);
  } finally {
    await database.close();
  }
}
