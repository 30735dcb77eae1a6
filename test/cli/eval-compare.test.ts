/** What `sluice eval` tells of evaluations that are there: compared, gated, example by example, ranked, planned. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRAFTED, definedWith, type EvalWorld, openWorld } from './eval-world.ts';

let world: EvalWorld;
let [first, second, explored, aa] = ['', '', '', ''];
beforeAll(async () => {
  world = await openWorld();
  const made = async (line: string) => {
    await world.run(line);
    return (await world.store.evaluations.list({ limit: 1 }))[0]!.evaluationId;
  };
  first = await made('run tone');
  second = await made('run tone --variants loud');
  explored = await made('run tone --limit 12');
  aa = await made('run tone --aa --limit 30');
});
afterAll(() => world?.stop());

describe('compare', () => {
  it('of one evaluation: its variants against its baseline, verdicts first, then the numbers', async () => {
    const { stdout, stderr, code } = await world.run(`compare ${first}`);
    expect(stdout).toMatch(/^loud beats baseline on closeness by 0\.1\d+ \(95% interval/);
    expect(stdout).toMatch(/^metric +vs baseline +from +to +effect \[95%\]$/m);
    expect(stdout).toMatch(/^closeness +loud +0\.\d+ +0\.\d+ +\+0\.\d+ \[\+0\.\d+, \+0\.\d+\] +✔ better$/m);
    expect(stdout).toMatch(/^ +quiet +0\.\d+ +0\.\d+ +0 +– no verdict$/m);
    expect(stdout).toMatch(/^latency \(margin 50 ms\) +loud +100 ms +102 ms .* ✔ harmless$/m);
    expect(stdout).toContain('40 examples · intervals at 95% · verdicts of 2 tests by Holm');
    expect(stderr).toContain('2 more metrics that decide nothing: --all');
    expect(code).toBe(0);
    expect((await world.run(`compare ${first} --all`)).stdout).toMatch(/^liked\.win +loud +50% /m);
  });

  it('by a definition’s name: the latest that has ended as it is defined, which is said', async () => {
    const { stdout, stderr } = await world.run('compare tone');
    expect(stderr).toContain(`the latest of 'tone' that has ended as it is defined: ${second}`);
    expect(stdout).not.toContain('quiet');
    expect((await world.run('compare tune')).stderr).toContain("there is no evaluation 'tune'\n  did you mean 'tone'?");
  });

  it('of one variant, and across evaluations', async () => {
    const rows = async (line: string) => {
      const { sides } = JSON.parse((await world.run(`${line} --json`)).stdout);
      return sides.map(({ label }: { label: string }) => label);
    };
    expect(await rows(`compare ${first}:quiet`)).toEqual(['baseline', 'quiet']);
    expect(await rows(`compare ${first}:lou ${second}`)).toEqual(['loud', 'baseline']);
    expect(await rows(`compare ${first} ${second}`)).toEqual(['baseline', 'loud']);
    expect(await rows(`compare ${first}:loud ${second}:loud`)).toEqual([`loud of ${first}`, `loud of ${second}`]);
    expect((await world.run(`compare ${first}:lut`)).stderr).toContain("there is no variant 'lut'");
    expect((await world.run(`compare ${first}:baseline ${first}:baseline`)).stderr).toContain('different sides');
  });

  it('counts what was compared, once', async () => {
    const counted = async (line: string) => JSON.parse((await world.run(`${line} --json`)).stdout).comparisons;
    const before = await counted(`compare ${first}`);
    expect(await counted(`compare ${first}`)).toBe(before);
    expect(await counted(`compare ${second}`)).toBe(before);
    expect(await counted(`compare ${first}:loud ${first}:quiet`)).toBe(before + 1);
  });

  it('of one metric, and by tag', async () => {
    const { stdout } = await world.run(`compare ${first} --metric late --slices`);
    expect(stdout).not.toMatch(/^closeness/m);
    expect((await world.run(`compare ${first} --slices`)).stdout).toMatch(/^odd +closeness +loud +\d+ /m);
    expect((await world.run(`compare ${first} --metric latenzy`)).stderr).toContain("did you mean 'latency'?");
  });

  it('shows the examples that got worse, or better, each with how to open it', async () => {
    const { stdout } = await world.run(`compare ${first}:loud --worse --limit 2`);
    expect(stdout).toMatch(
      /^loud: 3 examples worse on closeness\n {2}example +from +to +question\n {2}q0\d +0\.\d+ +0\.\d+ +-0\.2 +what is \d\?$/m,
    );
    expect(stdout.match(/^ {2}q0/gm)).toHaveLength(2);
    expect(stdout).toContain(`open one: sluice eval show ${first} q0`);
    const better = JSON.parse((await world.run(`compare ${first} --better --json`)).stdout);
    expect(better.examples.sides.map(({ total }: { total: number }) => total)).toEqual([33, 0]);
    expect((await world.run(`compare ${first} --better --worse`)).code).toBe(2);
  });
});

describe('the gate', () => {
  it('passes with 0, is inconclusive with 4, and fails with 3', async () => {
    const passed = await world.run(`compare ${second} --gate`);
    expect(passed.stdout).toMatch(/^Passed: loud passed against baseline\.\nloud: better on closeness/);
    expect(passed.code).toBe(0);
    const open = await world.run(`compare ${first}:quiet --gate --json`);
    expect(JSON.parse(open.stdout).gate).toMatchObject({ status: 'inconclusive', exitCode: 4 });
    expect(open.code).toBe(4);
    expect((await world.run(`compare ${first}:loud ${first}:quiet --gate`)).code).toBe(3);
    expect((await world.run(`compare ${first}:loud ${first}:quiet`)).code).toBe(0);
  });

  it('says that what was explored was not declared', async () => {
    const { stderr } = await world.run(`compare ${explored} --gate`);
    expect(stderr).toContain(`${explored} is exploratory: nothing was declared for it beforehand`);
  });

  it('is tampered with 5 where the code has another definition than was locked, and says what', async () => {
    const kept = world.definition;
    world.definition = definedWith(0.01);
    const { stdout, code } = await world.run(`compare ${first} --gate`);
    expect(stdout).toMatch(/^Tampered: /);
    expect(stdout).toContain("minimumEffect of primary 'closeness' (in code now): 0.05 → 0.01.");
    expect(code).toBe(5);
    expect((await world.run(`compare ${first}`)).code).toBe(0);
    world.definition = kept;
    expect((await world.run(`compare ${first}:loud --gate`)).code).toBe(0);
  });

  it('does not pass without having seen the project, while reading goes on without it', async () => {
    const evaluations = async () => Promise.reject(new Error('a typo in pipelines/index.ts'));
    const broken = { services: { evaluations } };
    expect(await world.run(`compare ${first} --gate`, broken)).toMatchObject({ code: 1 });
    const read = await world.run(`compare ${first}`, broken);
    expect(read.stderr).toContain('not compared with what is defined now: ');
    expect(read.code).toBe(0);
  });
});

describe('show', () => {
  it('has what each variant gave, scores, reasons, and calls', async () => {
    const { stdout } = await world.run(`show ${first} q04`);
    expect(stdout).toMatch(
      /^q04 {2}in eval-tone-0001\n\? what is 4\?\n {2}expected: it is 4\n\nbaseline\n {2}it is 4\.\n\nloud\n {2}it is 4!\n/,
    );
    expect(stdout).toMatch(
      /^score +baseline +loud +quiet\nclose\.score +0\.\d+ +0\.\d+ +0\.\d+\nliked\.win +50% +100% +50%$/m,
    );
    expect(stdout).toMatch(/^latency +100 ms +10\d ms +10\d ms$/m);
    expect(stdout).toContain('  loud · close: louder than wanted');
    expect(stdout).toContain('  baseline, quiet · close: as it was');
    expect(stdout).toMatch(/^quiet +draft +write@1 +12 ms +– +– +1 +shared$/m);
  });

  it('has what a call found, and that nothing is kept of it', async () => {
    expect((await world.run(`show ${first} q04 --passages`)).stdout).toContain('no passages are kept of these calls');
    const [owner, passages] = [randomUUID(), [{ id: 'guide#2', score: 0.25, text: 'Loud.', title: 'Guide' }]];
    await world.store.memo.renew(owner, 5_000);
    const drafted = { key: DRAFTED, attempts: 1, durationMs: 12, runId: first, callKey: 'draft#1' };
    await world.store.memo.store(owner, [{ ...drafted, outcome: JSON.stringify({ value: { passages } }) }]);
    const { stdout } = await world.run(`show ${first} q04 --passages`);
    expect(stdout).toMatch(/^loud, draft: passages\n +score +cited +passage +of\n1 +0\.2500 +guide#2 +Guide$/m);
    expect(stdout).not.toContain('no passages');
  });

  it('of one variant, by the beginnings of names, as JSON; a wrong example has the nearest', async () => {
    const { runs, example } = JSON.parse((await world.run('show tone-0001 q33 --variant lo --json')).stdout);
    expect(example.id).toBe('q33');
    expect(runs).toMatchObject([{ variant: 'loud', output: { text: 'it is 33!' } }]);
    expect((await world.run(`show ${first} q3`)).stderr).toContain("10 example names begin with 'q3'");
    expect((await world.run(`show ${first} r33`)).stderr).toContain("did you mean 'q33'?");
    expect((await world.run(`show ${first} q09`)).stdout).toContain('close: no score: the example expects nothing');
  });
});

describe('noise, leaderboard, plan and report', () => {
  it('noise is told of what decides, by the latest A/A of a name', async () => {
    const { stdout, stderr } = await world.run('noise tone');
    expect(stderr).toContain(`by ${aa}`);
    expect(stdout).toMatch(/^closeness /);
    expect(stdout).not.toContain('liked.win');
    expect((await world.run('noise tone --all')).stdout).toContain('liked.win');
    expect(JSON.parse((await world.run(`noise ${aa} --json`)).stdout)).toMatchObject({ evaluationId: aa });
    expect((await world.run(`noise ${first}`)).stderr).toContain('compares different plans');
  });

  it('the leaderboard ranks by a metric, and says why some have no rank', async () => {
    const { stdout } = await world.run('leaderboard --sort close');
    const [heading, ...rows] = stdout.split('\n');
    expect(heading).toMatch(/^ +variant +closeness ↑ +latency ↓ +cost ↓ +from baseline +on$/);
    expect(rows[0]).toMatch(/^ *1 .*loud +0\.\d+ \[/);
    expect(stdout).toMatch(/^(proven|tied for) best: .*loud/m);
    expect(stdout).toMatch(/^Compared on \w+@[0-9a-f]{12}.*: \d+ examples, 2 evaluations, \d plans\.$/m);
    expect(stdout).toMatch(/^Left out, the plan has a row already: eval-tone-/m);
    expect(stdout).not.toContain('again');
    expect((await world.run('leaderboard --dataset other')).stdout).toContain('no evaluation has ended yet');
    expect((await world.run('leaderboard --sort nothing')).stderr).toContain("there is no metric 'nothing'");
    const board = JSON.parse((await world.run('leaderboard --split dev --json')).stdout);
    expect(board).toMatchObject({ sortedBy: 'closeness', baseline: expect.stringMatching(/^eval-tone-\w+:\w+$/) });
    const [row] = board.rows;
    expect((await world.run(`leaderboard --baseline ${row.reference}`)).stdout).toMatch(/ baseline +\w+@/);
    expect((await world.run('leaderboard --baseline nobody')).stderr).toContain("no variant 'nobody'");
  });

  it('a plan says what it would do, take and see, by what is known', async () => {
    const { stdout } = await world.run('plan tone --limit 10 --variants loud,served');
    expect(stdout).toMatch(
      /^tone: 3 variants × 10 examples × 2 scorers = 60 cells; exploratory: the first 10\s+examples/,
    );
    // Three drafts that differ; three scores, and two pairs in both orders.
    expect(stdout).toContain('at most 100 calls');
    expect(stdout).toMatch(/at most 10 calls of paid\s+models/);
    expect(stdout).toMatch(/^closeness +primary +±0\.\d+ +±0\.05 +[\d,]+$/m);
    expect(stdout).toContain(`by how the variants of ${second} differed`);
    expect(stdout).toContain('run it: sluice eval run tone --variants loud,served --limit 10');
    expect(JSON.parse((await world.run('plan tone --json')).stdout)).toMatchObject({
      calls: { all: 400, paid: 0 },
      price: null,
    });
  });

  it('a report is a page by default, in the format of its file, or on standard output', async () => {
    const out = join(world.folder, 'report.html');
    expect((await world.run(`report tone --out ${out}`)).stdout).toBe(`${out}\n`);
    expect(await readFile(out, 'utf8')).toMatch(/^<!doctype html>/i);
    const markdown = await world.run(`report ${first} --format md`);
    expect(markdown.stdout).toContain('| closeness');
    const { report, gate } = JSON.parse((await world.run(`report ${first} ${second} --json`)).stdout);
    expect([report.sides.length, gate.status]).toEqual([2, 'passed']);
    expect((await world.run(`report tone --out ${join(world.folder, 'no/such.md')}`)).stderr).toContain(
      'cannot be written',
    );
  });
});

describe('dataset export', () => {
  it('writes pairs that both orders agreed on, and answers that were good enough', async () => {
    const pairs = join(world.folder, 'pairs.jsonl');
    const { stderr } = await world.dataset(`export --format preference --evaluation ${first} --out ${pairs}`);
    expect(stderr).toContain(`${first}: 39 pairs of dev in ${pairs}`);
    expect(stderr).toContain('left out: 41 not good enough, or without a clear preference');
    const lines = (await readFile(pairs, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[4]).toEqual({
      input: { messages: [{ role: 'user', content: 'what is 4?' }] },
      preferred_output: [{ role: 'assistant', content: 'it is 4!' }],
      non_preferred_output: [{ role: 'assistant', content: 'it is 4.' }],
    });
    expect(lines[0].preferred_output[0].content).toBe('it is 0.');
    const chats = await world.dataset(
      `export --format openai-chat --evaluation ${first}:loud --metric closeness --at-least 0.65`,
    );
    for (const line of chats.stdout.trim().split('\n'))
      expect(JSON.parse(line).messages.at(-1)).toEqual({ role: 'assistant', content: expect.stringMatching(/!$/) });
    const far = `export --format preference --evaluation ${first} --metric closeness --min-difference`;
    expect((await world.dataset(`${far} 0.2`)).stderr).toContain(`${first}: `);
    expect((await world.dataset(`${far} 5`)).stderr).toContain('gives nothing to tune with');
  });

  it('refuses what does not say which answers are meant', async () => {
    for (const line of [
      'export --format preference',
      'export questions --format preference',
      `export questions --format preference --evaluation ${first}`,
      `export --format csv --evaluation ${first}`,
      `export --format preference --evaluation ${first} --metric closeness`,
      `export --format preference --evaluation ${first} --scorer liked --metric closeness`,
      `export --format openai-chat --evaluation ${first} --metric closeness --at-least 1`,
      `export --format openai-chat --evaluation ${first}:loud --metric closeness`,
      `export --format openai-chat --evaluation ${first}:loud --metric closeness --at-least x`,
      'export',
    ])
      expect([line, (await world.dataset(line)).code]).toEqual([line, 2]);
    expect((await world.dataset(`export --format preference --evaluation ${first} --scorer close`)).stderr).toContain(
      "there is no scorer 'close'",
    );
  });
});
