/**
 * The whole path as a newcomer walks it, in processes: a project by `sluice init`, nothing configured, every command with
 * the servers it brings itself. What programs rely on is held here: stdout, exit codes, the shapes of DESIGN 9.
 */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { createProject, type Ended, type Project } from '../support/project.ts';

const DOCS = {
  'docs/streaming.md': '# Streaming\n\nCall `streamText` to stream a response. The client reads it with `useChat`.\n',
  'docs/tools.md': '# Tools\n\nA tool is a function that the model may call. Each tool has a schema for its input.\n',
  'docs/broken.md': Uint8Array.of(0x63, 0x61, 0x66, 0xe9),
};
const QUESTION = 'What is a tool?';

/** The contract of `sluice ask --json`: a field more or less is a change of it. */
const RunJson = z.strictObject({
  runId: z.string().regex(/^run-[0-9a-f-]{36}$/),
  pipeline: z.literal('docs-bot'),
  variant: z.string().nullable(),
  planId: z.string().regex(/^[0-9a-f]{64}$/),
  arms: z.record(z.string(), z.string()),
  outcome: z.literal('completed'),
  output: z.looseObject({
    text: z.string().min(1),
    citations: z.array(z.looseObject({ n: z.int(), passageId: z.string() })),
  }),
  degraded: z.literal(false),
  nodes: z
    .array(
      z.looseObject({
        id: z.string(),
        key: z.string(),
        step: z.string().regex(/@\d+$/).nullable(),
        attempts: z.int().min(0),
        durationMs: z.number().min(0).nullable(),
        costUsd: z.number().nullable(),
      }),
    )
    .min(5),
  error: z.null(),
  durationMs: z.number().positive(),
  /** Nothing of `local/*` is paid for. */
  costUsd: z.null(),
  paidCalls: z.literal(0),
  unknownCalls: z.literal(0),
  estimatedCalls: z.literal(0),
  inputTokens: z.literal(0),
  outputTokens: z.literal(0),
  calls: z.tuple([]),
  temporalUrl: z.url(),
  /** No key is set here. */
  ranInstead: z.strictObject({
    variant: z.literal('docs-bot:local'),
    missing: z.tuple([z.literal('OPENAI_API_KEY'), z.literal('CO_API_KEY')]),
  }),
});

let project: Project;
let ingested: Ended;
beforeAll(async () => {
  project = await createProject(inject('cache'));
  await project.write(DOCS);
  ingested = await project.sluice(['ingest', 'docs', '--index', 'docs', '--json']);
});
afterAll(() => project.remove());

/** What a command printed as JSON; anything else on stdout fails here. */
function jsonOf({ code, stdout, stderr }: Ended, exitCode = 0): unknown {
  expect(code, stderr).toBe(exitCode);
  return JSON.parse(stdout);
}

describe('without any server', () => {
  it('a folder becomes an index, and what cannot be read is named and counted', () => {
    expect(jsonOf(ingested, 1)).toMatchObject({
      index: 'docs',
      added: 5,
      totals: { documents: 5 },
      skippedCount: 1,
      skipped: [{ name: 'broken.md', reason: 'not-utf8' }],
    });
    expect(ingested.stderr).toContain('1 document skipped:\n  broken.md: not-utf8');
  });

  it('an index is shown and searched with the database alone', async () => {
    const shown = await project.sluice(['index', 'show', 'docs', '--json']);
    expect(jsonOf(shown)).toMatchObject({ name: 'docs', snapshot: { documents: 5 }, snapshots: [{ documents: 5 }] });
    const found = await project.sluice(['search', '--index', 'docs', '--top', '2', 'function schema', '--json']);
    const Hits = z
      .array(z.strictObject({ id: z.string(), score: z.number() }))
      .min(1)
      .max(2);
    const [answer] = z.tuple([z.strictObject({ id: z.literal('function schema'), hits: Hits })]).parse(jsonOf(found));
    expect(answer.hits[0]?.id).toMatch(/^tools#/);
    for (const { stderr } of [shown, found]) expect(stderr).not.toContain('Temporal');
  });

  it('two questions at once are both answered: one waits for the other, and says so', async () => {
    const first = project.start(['ask', 'docs-bot', QUESTION, '--json']);
    await first.wrote('starting Temporal');
    const second = await project.sluice(['ask', 'docs-b', 'How do I stream a response?']);
    const run = RunJson.parse(jsonOf(await first.ended));
    expect(run.output.text).toContain('function');
    expect(run.output.citations[0]?.passageId).toMatch(/^tools#/);
    expect(run.nodes.map(({ step }) => step)).toEqual(expect.arrayContaining(['keywordSearch@2', 'generate@2']));

    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).toMatch(/process \d+ has its servers for one command in .*: waiting for it, at most 60 s/);
    expect(second.stdout).toContain('streamText');
    expect(second.stdout).toMatch(/\n {2}http:\/\/localhost:\d+\/namespaces\/default\/workflows\/run-.*\n.*sluice dev/);

    const listed = jsonOf(await project.sluice(['runs', '--json'])) as { runs: { runId: string; planId: string }[] };
    expect(listed.runs).toHaveLength(2);
    expect(listed.runs.map(({ runId }) => runId)).toContain(run.runId);
    const shown = jsonOf(await project.sluice(['runs', run.runId.slice(0, 12), '--json']));
    // That another variant ran than was asked for concerns who asked.
    const { ranInstead: _, ...recorded } = run;
    expect(shown).toEqual({ ...recorded, temporalUrl: expect.stringContaining(run.runId) });
  });

  it('no file or folder of the state is open to other users', async () => {
    const state = join(project.folder, '.sluice');
    const paths = [state, ...(await readdir(state, { recursive: true })).map((path) => join(state, path))];
    const modes = await Promise.all(paths.map(async (path) => ({ path, mode: (await lstat(path)).mode & 0o077 })));
    expect(paths).toContain(join(state, 'temporal', 'temporal.db'));
    expect(modes.filter(({ mode }) => mode !== 0)).toEqual([]);
  });

  it('nothing is left running, nor claimed', async () => {
    expect(await readdir(join(project.folder, '.sluice'))).not.toContain('dev.json');
    expect(await readdir(join(project.folder, '.sluice/postgres'))).not.toContain('owner.json');
  });
});
