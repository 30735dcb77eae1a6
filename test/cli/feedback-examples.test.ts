/** What people said of answers, made into examples and preferences by `sluice dataset`: over the embedded database. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/postgres.ts';
import { type ExperimentWorld, openWorld } from './experiment-world.ts';

let world: ExperimentWorld;
let folder: string;
const run = (line: string) => world.run(`dataset ${line}`);
const asked = (question: string) => ({ input: { question } });

beforeAll(async () => {
  [world, folder] = await Promise.all([openWorld(), temporaryFolder()]);
  // The newest first: 'g' is the day before yesterday's.
  for (const [runId, given] of Object.entries({
    a: { ...asked('one'), output: { text: 'good one' }, thumb: 1 },
    b: { ...asked('one'), output: { text: 'bad one' }, thumb: -1 },
    c: { ...asked('two'), output: { text: 'good two' }, thumb: 1 },
    d: { ...asked('two'), output: { text: 'good two' }, thumb: 1 },
    e: { ...asked('three'), output: { text: 'bad three' }, thumb: -1 },
    f: { ...asked('held'), output: { text: 'good held' }, thumb: 1 },
    g: { ...asked('held'), output: { text: 'bad held' }, thumb: -1 },
    h: { ...asked('four'), failed: true, thumb: 1 },
    i: { input: 'no object', thumb: 1 },
    j: { ...asked('silent') },
  } as const))
    await world.ran({ runId: `run-${runId}`, unit: null, daysAgo: 2 + runId.charCodeAt(0) / 1_000, ...given });
});
afterAll(async () => {
  await world?.stop();
  await rm(folder, { recursive: true });
});

describe('examples', () => {
  test('are runs that people liked, with what they answered: each question once, all else counted', async () => {
    const { code, stdout } = await run('add liked --new --from-feedback up --accept --tag people --json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{
        dataset: 'liked',
        examples: 3,
        added: ['run-a', 'run-c', 'run-f'],
        sequence: 1,
        origin: 'thumbs up of 3 runs',
      },
      leftOut: { duplicates: 1, withoutOutput: 1, unfit: 1 },
    });
    const { version } = await world.store.datasets.find('liked');
    const [first] = await world.store.datasets.examples(version);
    expect(first).toEqual({
      ...{ id: 'run-a', input: { question: 'one' }, expected: { text: 'good one' }, tags: ['people'], run: 'run-a' },
    });
  });

  test('are runs that people did not like, with nothing expected', async () => {
    const { stdout } = await run('add disliked --new --from-feedback down');
    expect(stdout).toContain('disliked: 3 examples added of thumbs down, 3 examples, version');
    const { version } = await world.store.datasets.find('disliked');
    expect((await world.store.datasets.examples(version)).map(({ expected }) => expected)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const again = await run('add disliked --from-feedback down');
    expect(again).toMatchObject({ code: 1 });
    expect(again.stderr).toContain("'disliked' gets nothing new: left out: 3 whose input is in the dataset already");
  });

  test('are of one pipeline, one time, and so many runs, where that is asked', async () => {
    expect((await run('add few --new --from-feedback down --limit 1')).stdout).toContain('few: 1 example added');
    for (const none of ['--pipeline other', '--since 1h'])
      expect((await run(`add few --from-feedback up ${none}`)).stderr).toContain('has more thumbs up than others');
  });

  test.each([
    ['add few', 'give one of them: --from-run RUN, or --from-feedback up'],
    ['add few --from-run run-a --from-feedback up', 'give one of them'],
    ['add few --from-run run-a --since 7d', '--since, --pipeline and --limit are for --from-feedback'],
    ['add few --from-feedback up --id x', 'name it: --from-run RUN'],
    ['add few --from-feedback down --accept', 'what people did not like is not what is expected'],
    ['add few --from-feedback sideways', 'Allowed choices are up, down'],
    ['export few --format preference --from-feedback', 'people rate runs, which are of no dataset'],
    ['export --format csv --from-feedback', 'use --format preference'],
  ])('%s is refused', async (line, why) => {
    const refused = await run(line);
    expect(refused.code).toBe(2);
    expect(refused.stderr.replaceAll(/\s+/g, ' ')).toContain(why);
  });
});

describe('preferences', () => {
  test('are of answers to the same, the liked one told; what final examples ask is left out', async () => {
    const held = [{ id: 'held', ...asked('held'), tags: ['final'] }];
    await world.store.datasets.put('exam', held, 'exam.jsonl');
    const out = join(folder, 'pairs.jsonl');
    const exported = await run(`export --format preference --from-feedback --system Short. --out ${out} --json`);
    expect(exported.code).toBe(0);
    expect(JSON.parse(exported.stdout)).toMatchObject({
      ...{ format: 'preference', runs: 9, lines: 1 },
      leftOut: { final: 1, undecided: 2, no_text: 1, no_question: 1 },
    });
    const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        input: {
          messages: [
            { role: 'system', content: 'Short.' },
            { role: 'user', content: 'one' },
          ],
        },
        preferred_output: [{ role: 'assistant', content: 'good one' }],
        non_preferred_output: [{ role: 'assistant', content: 'bad one' }],
      },
    ]);
  });

  test('where there are none it is said why', async () => {
    const none = await run('export --format preference --from-feedback --since 1h');
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toContain('nobody has given a thumb in that time');
  });
});
