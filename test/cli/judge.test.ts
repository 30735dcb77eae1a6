/** `sluice judge`, whole, over the embedded database: what a scorer said, sent out to people, and held against them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SluiceError } from '../../src/base/errors.ts';
import { showEffect } from '../../src/evaluation/report/values.ts';
import { defineHumanScorer } from '../../src/index.ts';
import type { ResultRow } from '../../src/model/evaluation-result.ts';
import type { ScorerSpec } from '../../src/model/evaluation-spec.ts';
import { NO_REDACTION } from '../../src/redaction/redaction.ts';
import { startReview } from '../../src/review/start.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { CORRECT, JUDGE, subjectOf } from '../evaluation/calibration/make.ts';
import { done, pinsOf, rowOf, specOf } from '../evaluation/compare/make.ts';
import { small } from '../evaluation/small-evaluation.ts';
import { startPglite, type TestDatabase } from '../support/postgres.ts';
import { run as runCommand } from './fakes.ts';

const EXAMPLES = 120;
const EVALUATION = 'eval-before-release-1f2e3d4c';
const helpful = defineHumanScorer(
  'helpful',
  { pipeline: small },
  { question: 'Is it of help?', fields: z.object({ solved: z.boolean(), tone: z.enum(['warm', 'cold']) }) },
  ({ output }) => ({ answer: output.text }),
);
const OF_HELPFUL = { pipeline: 'docs-bot', scorer: 'helpful', version: helpful.spec.definitionHash };
const preferred: ScorerSpec = {
  ...JUDGE,
  ...{ id: 'preferred', kind: 'pair', fields: { win: { better: 'higher', format: 'share', worst: 0, best: 1 } } },
};

let folder: string;
let embedded: TestDatabase;
let database: Database;
let store: Store;
beforeAll(async () => {
  [folder, embedded] = await Promise.all([mkdtemp(join(tmpdir(), 'sluice-judge-')), startPglite()]);
  database = openDatabase(embedded.url);
  store = createStore(database);
  const { version } = await store.datasets.put('questions', examples, 'questions.jsonl');
  const spec = specOf({ metrics: [CORRECT], scorers: [JUDGE, preferred, helpful.spec] });
  const dataset = { ...spec.dataset, version: version.version, split: null, examples: EXAMPLES };
  await store.evaluations.create({
    ...{ evaluationId: EVALUATION, spec: { ...spec, dataset }, budgetUsd: null, startedBy: 'mo' },
  });
  await store.evaluations.pin(EVALUATION, pinsOf(spec));
  await store.evaluations.putResults(EVALUATION, rows);
  await store.evaluations.setState(EVALUATION, 'completed');
});
afterAll(async () => {
  await database?.close();
  await embedded?.stop();
  await rm(folder, { recursive: true });
});

const id = (example: number) => `e${String(example).padStart(3, '0')}`;
const examples = Array.from({ length: EXAMPLES }, (_, example) => ({
  ...{ id: id(example), input: { question: `What of ${example}?` }, expected: { answer: `${example}` } },
  ...(example % 2 === 0 && { tags: ['even'] }),
}));
const truth = (example: number, variant: number) => (example + variant) % 3 > 0;
/** Wrong of each fifteenth, and it passes all that the variant says. */
const said = (example: number, variant: number) =>
  variant === 1 ? true : example % 15 === 0 ? !truth(example, variant) : truth(example, variant);
const rows = examples.flatMap((_, example) =>
  [0, 1].map((variant): ResultRow => {
    const correct = Number(said(example, variant));
    const waiting = { reason: 'not labelled yet', resumable: false, subject: subjectOf(example, variant, 'b') };
    return rowOf(example, variant, {
      output: { text: `answer ${example} of ${variant}` },
      cells: {
        judged: { ...done({ correct, score: correct }), subject: subjectOf(example, variant), detail: { reason: 'r' } },
        preferred:
          variant === 0
            ? { state: 'missing', reason: 'the baseline', resumable: false }
            : { ...done({ win: 1 }), subject: subjectOf(example, variant, 'c') },
        helpful: { state: 'missing', ...waiting },
      } as ResultRow['cells'],
    });
  }),
);

const run = (...line: readonly string[]) => sluice('judge', ...line);
const sluice = (...line: readonly string[]) =>
  runCommand(line, {
    runtime: { store, stop: async () => undefined, urlOf: String, isUiServed: false },
    services: {
      evaluations: async () => new Map([['before-release', { scorers: [helpful] } as never]]),
    },
  });

const metricsIn = (stdout: string) => {
  const told = JSON.parse(stdout);
  return (told.report ?? told).metrics;
};

type Row = Record<string, string>;
const rowsOf = async (path: string): Promise<Row[]> => parse(await readFile(path, 'utf8'), { columns: true });

/** Exports a sample, fills it in by what is true, and imports it. */
async function label(scorer: string, fill: (row: Row) => Row, ...options: readonly string[]) {
  const path = join(folder, `${scorer}-${options.length}.csv`);
  const exported = await run('export', 'before-release', '--scorer', scorer, '--out', path, ...options);
  expect(exported.code).toBe(0);
  const given = await rowsOf(path);
  await writeFile(
    path,
    stringify(
      given.map((row) => ({ ...row, ...fill(row) })),
      { header: true },
    ),
  );
  return { exported, given, path, imported: await run('import', path, '--rater', 'ada') };
}
const placeOf = ({ subject }: Row) => [Number(subject!.slice(2)), Number(subject![1])] as const;

describe('before anybody has labelled', () => {
  it('a judge may not decide, and says how to change that', async () => {
    const { stdout, stderr, code } = await run('show', 'before-release', '--scorer', 'judged');
    expect(code).toBe(0);
    expect(stdout).toContain('judged: openai/gpt-5-mini');
    expect(stdout).toContain('0 of 240 answers with labels');
    expect(stdout).toContain('It may not gate on correct: nothing that this version has scored has a label.');
    expect(stderr).toContain(`sluice judge export ${EVALUATION} --scorer judged`);
  });

  it('a comparison by it decides nothing', async () => {
    const { stdout, code } = await sluice('eval', 'compare', EVALUATION, '--gate', '--json');
    expect(code).toBe(4);
    const [metric] = metricsIn(stdout);
    expect(metric.judge).toEqual({ state: 'uncalibrated', labels: 0, flaws: [] });
    expect(metric.sides[0]).toMatchObject({ verdict: 'better', corrected: null });
  });

  it('scorers and evaluations are named, or the nearest is', async () => {
    expect((await run('show', 'eval-nowhere')).stderr).toContain("there is no evaluation 'eval-nowhere'");
    expect((await run('show', EVALUATION, '--scorer', 'juged')).stderr).toContain("did you mean 'judged'?");
    expect((await run('show', 'before-release:variant')).code).toBe(2);
    expect((await run('export', EVALUATION)).code).toBe(2);
    expect((await run('export', EVALUATION, '--scorer', 'judged', '--json')).code).toBe(2);
  });
});

describe('a sample', () => {
  it('goes out blind, comes back filled in, and is held against the judge', async () => {
    const { exported, given, imported } = await label(
      'judged',
      (row) => ({ correct: String(truth(...placeOf(row))) }),
      '--sample',
      '140',
    );
    expect(exported.stderr).toContain(`140 answers of 240 that 'judged' has in ${EVALUATION}`);
    expect(exported.stderr).toContain('to fill in: rater; correct (true, false or a number from 0 to 1); score');
    expect(given).toHaveLength(140);
    const [first] = given;
    const [example, variant] = placeOf(first!);
    expect(first).toEqual({
      ...{ pipeline: 'docs-bot', scorer: 'judged', version: JUDGE.definitionHash },
      ...{ subject: subjectOf(example, variant), rater: '', correct: '', score: '', note: '' },
      ...{ example: id(example), 'input.question': `What of ${example}?`, 'expected.answer': `${example}` },
      'output.text': `answer ${example} of ${variant}`,
    });
    expect(imported.stdout).toBe('140 labels of judged by ada\n  140 new, 0 changed, 0 known already\n');
    expect(imported.stderr).toContain('not read: example, input.question, output.text, expected.answer');

    const { stdout } = await run('show', EVALUATION, '--scorer', 'judged');
    expect(stdout).toContain('140 of 240 answers with labels');
    expect(stdout).toMatch(/correct: may gate/);
    expect(stdout).toMatch(/It favours variant: .* 70 clusters of\s+examples have labels on both/s);
    expect(stdout).toMatch(/people yes +people no\n +says yes +\d+ +\d+\n +says no/);
    expect(stdout).toMatch(/kappa +0\.\d+ \(0\.\d+ to 0\.\d+\)/);
    expect(stdout).toMatch(/variant +70 .* +70\n/);
    expect(stdout).toMatch(/by tag, exploratory:\n +tag .*\n +even +\d+/);
    const json = JSON.parse((await run('show', EVALUATION, '--json')).stdout);
    expect(json.scorers.map(({ scorer }: { scorer: string }) => scorer)).toEqual(['judged', 'preferred', 'helpful']);
    expect(json.scorers[0].fields[0]).toMatchObject({
      field: 'correct',
      calibration: { state: 'calibrated', labels: 140 },
    });
  });

  it('corrects the comparison: what the judge gave the variant is no win', async () => {
    const [metric] = metricsIn((await sluice('eval', 'compare', EVALUATION, '--json')).stdout);
    expect(metric.judge).toEqual({ state: 'calibrated', labels: 140, flaws: [] });
    expect(metric.sides[0]).toMatchObject({ verdict: 'inconclusive', corrected: { method: 'ppi_mean', labels: 70 } });
    const { effect, corrected } = metric.sides[0];
    expect(effect.lo).toBeGreaterThan(0.1);
    expect(corrected.lo).toBeLessThan(0);
    expect(corrected.hi).toBeGreaterThan(0);
    const { stdout } = await sluice('eval', 'compare', EVALUATION);
    expect(stdout).toMatch(/^No difference proven between variant and baseline on correct \(by the labels/);
    const [heading, row] = stdout.split('\n').filter((line) => /^metric|^correct/.test(line));
    expect(heading).toMatch(/effect \[95%\] +scores alone/);
    expect(row).toContain(`${showEffect({ diff: corrected.effect, lo: corrected.lo, hi: corrected.hi }, 'share')} `);
    expect(row!.indexOf(showEffect(effect, 'share'))).toBe(heading!.indexOf('scores alone'));
  });

  it('is the same again for another rater, and another one of what nobody has labelled', async () => {
    const again = await run('export', EVALUATION, '--scorer', 'judged', '--sample', '140', '--format', 'csv');
    const asked = (parse(again.stdout, { columns: true }) as Row[]).map(({ subject }) => subject);
    expect(asked).toEqual((await rowsOf(join(folder, 'judged-2.csv'))).map(({ subject }) => subject));
    const rest = await run(
      'export',
      EVALUATION,
      '--scorer',
      'judged',
      '--unlabelled',
      '--sample',
      '1000',
      '--json',
      '--out',
      join(folder, 'rest.jsonl'),
    );
    expect(JSON.parse(rest.stdout)).toMatchObject({ format: 'jsonl', subjects: 100, population: 240 });
    const lines = (await readFile(join(folder, 'rest.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.every(({ subject }: Row) => !asked.includes(subject!))).toBe(true);
  });

  it('of pairs is shown in either order, and means the variant all the same', async () => {
    const { given } = await label('preferred', (row) => ({
      winner: row['first.text']!.endsWith('1') ? 'first' : 'second',
    }));
    expect(new Set(given.map(({ swapped }) => swapped))).toEqual(new Set(['true', 'false']));
    const labels = await store.evaluations.labels({
      pipeline: 'docs-bot',
      scorer: 'preferred',
      version: JUDGE.definitionHash,
    });
    expect(labels).toHaveLength(100);
    expect(new Set(labels.map(({ value }) => value.win))).toEqual(new Set([1]));
  });

  it('of a human scorer is what waits for people, by its rubric', async () => {
    const { exported, imported, path } = await label('helpful', (row) => ({
      solved: placeOf(row)[0] % 2 === 0 ? 'yes' : 'no',
      tone: 'warm',
    }));
    expect(exported.stderr).toContain('solved (true or false); tone (one of: warm, cold)');
    expect(imported.stdout).toContain('100 labels of helpful by ada');
    const { stdout } = await run('show', EVALUATION, '--scorer', 'helpful');
    expect(stdout).toContain('helpful: asked of people');
    expect(stdout).toMatch(/people \(ada\) +nothing that two have labelled/);
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace(/,warm,/, ',lukewarm,').replace(/,(yes|no),/, ',perhaps,'),
    );
    const refused = await run('import', path, '--rater', 'ben', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout).error).toMatchObject({ code: 'labels_invalid' });
    expect(refused.stderr).toMatch(/line 2: solved: "perhaps" is not true or false/);
    expect((await store.evaluations.labels(OF_HELPFUL)).every(({ rater }) => rater === 'ada')).toBe(true);
  });
});

describe('import', () => {
  it('says what is known already, what comes twice, what is blank, and what no evaluation has', async () => {
    const line = (example: number, correct: string, of = 'a') =>
      `judged,${subjectOf(example, 0, of)},cy,${correct},${example}\n`;
    const path = join(folder, 'more.csv');
    await writeFile(path, `scorer,subject,rater,correct,example\n${line(1, 'yes')}${line(2, 'no')}`);
    expect((await run('import', path)).stdout).toContain('2 new, 0 changed, 0 known already');
    const more = [line(1, 'no'), line(2, 'no'), line(3, ''), line(4, 'yes', 'f'), line(4, 'no', 'f')].join('');
    await writeFile(path, `scorer,subject,rater,correct,example\n${more}`);
    const { stdout } = await run('import', path);
    expect(stdout).toContain('3 labels of judged by cy\n  1 new, 1 changed, 1 known already');
    expect(stdout).toContain('1 row more of the same rater and subject');
    expect(stdout).toContain('1 row not filled in yet');
    expect(stdout).toContain('1 subject that the latest evaluations here do not have');
  });

  it('reads by what evaluations have kept where the project cannot be loaded', async () => {
    const path = join(folder, 'kept.jsonl');
    await writeFile(
      path,
      JSON.stringify({ scorer: 'helpful', subject: subjectOf(1, 0, 'b'), rater: 'di', solved: true }),
    );
    const broken = new SluiceError('project_broken', {
      message: 'pipelines/index.ts cannot be loaded',
      remedy: 'mend it',
    });
    const { stderr, code } = await runCommand(['judge', 'import', path], {
      runtime: { store, stop: async () => undefined },
      services: { evaluations: () => Promise.reject(broken) },
    });
    expect(code).toBe(0);
    expect(stderr).toContain('pipelines/index.ts cannot be loaded: fields are checked by what evaluations have kept');
  });
});

describe('two scorers of one id', () => {
  it('are exported by the columns of the evaluation that was asked for, and read by them', async () => {
    const graded: ScorerSpec = {
      ...JUDGE,
      ...{ id: 'helpful', definitionHash: 'graded-definition' },
      fields: { grade: { better: 'higher', format: 'number', worst: 0, best: 1 } },
    };
    const evaluationId = 'eval-graded-5a5a5a5a';
    const { spec } = await store.evaluations.get(EVALUATION);
    const own = { ...spec, scorers: [graded], metrics: [] };
    await store.evaluations.create({ evaluationId, spec: own, budgetUsd: null, startedBy: 'mo' });
    await store.evaluations.pin(evaluationId, pinsOf(own));
    const cells = { helpful: { ...done({ grade: 1 }), subject: subjectOf(1, 0, 'd') } };
    await store.evaluations.putResults(evaluationId, [rowOf(1, 0, { cells })]);
    expect((await store.evaluations.labels(OF_HELPFUL)).length).toBeGreaterThan(0);
    const path = join(folder, 'graded.csv');
    await run('export', evaluationId, '--scorer', 'helpful', '--out', path);
    const [row] = await rowsOf(path);
    expect(row).toHaveProperty('grade', '');
    expect(row).not.toHaveProperty('solved');
    await writeFile(path, stringify([{ ...row, grade: '0.5' }], { header: true }));
    expect((await run('import', path, '--rater', 'ada')).stdout).toContain('1 label of helpful by ada');
    const { scorers } = JSON.parse((await run('show', evaluationId, '--json')).stdout);
    expect(scorers[0].fields[0]).toMatchObject({ field: 'grade', calibration: { labels: 1 } });
  });
});

describe('scorers of one id in several pipelines and versions', () => {
  const share = { better: 'higher', format: 'share', worst: 0, best: 1 } as const;
  const good = (definitionHash: string, fields: ScorerSpec['fields']): ScorerSpec => ({
    ...JUDGE,
    ...{ id: 'good', definitionHash, fields },
  });
  const plain = good('good-plain', { correct: share });
  const CORRECT_BY_GOOD = { ...CORRECT, source: { from: 'score', scorer: 'good', field: 'correct' } } as const;
  const subject = (example: number, variant = 0) => subjectOf(example, variant, 'e');
  const [OLDER, NEWER, OTHER, ALIKE] = ['eval-older-1', 'eval-newer-1', 'eval-other-1', 'eval-alike-1'] as const;

  /** All have scored the same subjects. */
  async function evaluate(evaluationId: string, pipeline: string, scorer: ScorerSpec) {
    const { spec } = await store.evaluations.get(EVALUATION);
    const own = { ...spec, name: evaluationId, pipeline, scorers: [scorer], metrics: [CORRECT_BY_GOOD] };
    await store.evaluations.create({ evaluationId, spec: own, budgetUsd: null, startedBy: 'mo' });
    await store.evaluations.pin(evaluationId, pinsOf(own));
    const cell = (example: number, variant: number) => ({
      ...done({ correct: Number(said(example, variant)) }),
      subject: subject(example, variant),
    });
    await store.evaluations.putResults(
      evaluationId,
      examples.flatMap((_, example) =>
        [0, 1].map((variant) => rowOf(example, variant, { cells: { good: cell(example, variant) } })),
      ),
    );
    await store.evaluations.setState(evaluationId, 'completed');
  }
  const labelsOf = async (evaluationId: string) =>
    JSON.parse((await run('show', evaluationId, '--scorer', 'good', '--json')).stdout).scorers[0].labels;
  const judgeOf = async (evaluationId: string) =>
    metricsIn((await sluice('eval', 'compare', evaluationId, '--json')).stdout)[0].judge;
  const importRows = async (name: string, rows: readonly object[]) => {
    const path = join(folder, name);
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
    return run('import', path, '--rater', 'ada');
  };
  const review = (name: string, evaluationId: string) =>
    startReview(
      { store, scorersOf: () => [], redaction: NO_REDACTION },
      { name, evaluation: evaluationId, scorer: 'good', sample: 10, unlabelled: false },
      'mo',
    );

  beforeAll(async () => {
    await evaluate(OLDER, 'first', plain);
    await evaluate(NEWER, 'first', good('good-toned', { correct: share, tone: share }));
    await evaluate(OTHER, 'second', good('good-graded', { correct: share, grade: share }));
    await evaluate(ALIKE, 'third', plain);
    const path = join(folder, 'older.jsonl');
    expect((await run('export', OLDER, '--scorer', 'good', '--sample', '240', '--out', path)).code).toBe(0);
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    const filled = lines.map((line) => {
      const row = JSON.parse(line);
      return { ...row, value: { correct: truth(...placeOf(row)) } };
    });
    const { stdout, stderr } = await importRows('older.jsonl', filled);
    expect(stdout, stderr).toContain('240 labels of good by ada');
  });

  it('share no labels: those of an exported version count for it, and for no other', async () => {
    expect(await labelsOf(OLDER)).toMatchObject({ here: 240, elsewhere: 0, unscored: 0 });
    expect(await judgeOf(OLDER)).toMatchObject({ labels: 240 });
    for (const other of [NEWER, OTHER, ALIKE]) {
      expect(await labelsOf(other)).toMatchObject({ here: 0, elsewhere: 0, unscored: 0 });
      expect(await judgeOf(other)).toEqual({ state: 'uncalibrated', labels: 0, flaws: [] });
      const path = join(folder, `${other}.csv`);
      await run('export', other, '--scorer', 'good', '--sample', '240', '--unlabelled', '--out', path);
      expect(await rowsOf(path)).toHaveLength(240);
    }
  });

  it('share no reviews and no decisions', async () => {
    await review('of-older', OLDER);
    await review('of-other', OTHER);
    expect((await store.reviews.items('of-older')).map(({ reviews }) => reviews.length)).toEqual(Array(10).fill(1));
    expect((await store.reviews.items('of-other')).every(({ reviews }) => reviews.length === 0)).toBe(true);
    const decided = { value: { correct: true, grade: 1 }, note: 'as the guidelines say' };
    await store.reviews.decide({ queue: 'of-other', place: 1, by: 'mo' }, decided);
    expect((await store.reviews.items('of-older')).every(({ decision }) => decision === null)).toBe(true);
    expect((await store.reviews.items('of-other'))[0]!.decision).toMatchObject({ reviewer: 'mo' });
    const said = { value: { correct: true, grade: 1 }, note: null };
    await store.reviews.claim('of-other', 'bo');
    await store.reviews.review({ queue: 'of-other', place: 2, by: 'bo' }, said);
    expect((await store.reviews.items('of-older', 2))[0]!.reviews).toMatchObject([{ reviewer: 'ada' }]);
    expect(await labelsOf(OTHER)).toMatchObject({ here: 2 });
    expect(await labelsOf(OLDER)).toMatchObject({ here: 240 });
  });

  it('have no part in labels that nothing attributes, which are counted', async () => {
    await database.query(
      `insert into label (pipeline, scorer, version, subject, rater, value, labelled_at)
       values ('', 'good', '', $1, 'old', '{"correct": true}', now())`,
      [subject(2)],
    );
    expect(await labelsOf(ALIKE)).toEqual({ here: 0, elsewhere: 0, unscored: 0, unattributed: 1 });
    const { stdout, stderr } = await run('show', ALIKE, '--scorer', 'good');
    expect(stdout).toContain('1 labelled, not attributed');
    expect(stderr).toContain(
      "labels of 1 answer are not attributed: no evaluation scored them, so they count for no scorer 'good'",
    );
  });

  it('are told apart in a file by pipeline and version, and refused by name where they are not', async () => {
    const row = { scorer: 'good', subject: subject(1), value: { correct: true } };
    const open = await importRows('open.jsonl', [row]);
    expect(open.code).toBe(1);
    expect(open.stderr).toMatch(/line 1: there are 4 scorers 'good'/);
    for (const named of ["'first', version 'good-plain'", "'second', version 'good-graded'"])
      expect(open.stderr).toContain(named);
    const wrong = await importRows('wrong.jsonl', [{ ...row, pipeline: 'first', version: 'good-graded' }]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("there is no scorer 'good' of pipeline 'first', version 'good-graded'");
    const older = await importRows('second.jsonl', [{ ...row, pipeline: 'third' }]);
    expect(older.stdout).toContain('1 label of good by ada');
    expect(await labelsOf(ALIKE)).toMatchObject({ here: 1 });
  });
});
