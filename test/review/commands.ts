/** `sluice review`: whatever the screens of a queue show and do, over the same world. */
import { expect, test } from 'vitest';
import { EVALUATION, type ReviewWorld } from './world.ts';

export function describeCommands(world: () => ReviewWorld): void {
  const review = (...line: readonly string[]) => world().sluice('review', ...line);
  const json = async (...line: readonly string[]) => JSON.parse((await review(...line, '--json')).stdout);
  const label = (place: number, as: string, solved: string) =>
    review(
      'label',
      'cli',
      `${place}`,
      '--as',
      as,
      '--set',
      `solved=${solved}`,
      ...['--set', 'clarity=4'],
      '--set',
      'tone=warm',
    );

  test('a queue is begun, worked through, decided and closed', async () => {
    const started = await review(
      'start',
      'cli',
      '--evaluation',
      'before-release',
      '--scorer',
      'helpful',
      '--sample',
      '2',
      '--unlabelled',
    );
    expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining('sluice review next cli --as WHO') });
    expect(started.stdout).toContain('solved (true or false): Whether nothing is left to ask');
    expect(started.stdout).toContain('0 of 4 reviews');

    const next = await review('next', 'cli', '--as', 'ada');
    expect(next.stdout).toContain('cli 1 of 2');
    expect(next.stdout).toMatch(/What of \d\?/);
    expect(next.stderr).toContain("sluice review label cli 1 --as ada --set solved='true or false'");
    expect((await label(1, 'ada', 'yes')).stdout).toContain('ada says clarity 4, solved true, tone warm; it is begun');
    expect((await label(1, 'bo', 'no')).stdout).toContain('it is disputed');
    expect((await review('pass', 'cli', '2', '--as', 'ada', '--why', 'not my field')).code).toBe(0);
    expect((await review('next', 'cli', '--as', 'ada')).stdout).toContain('nothing is left for ada: 2 of 4 reviews');

    const shown = await review('show', 'cli');
    expect(shown.stdout).toContain('2 items: 0 open · 1 begun · 0 agreed · 1 disputed · 0 settled');
    expect(shown.stdout).toMatch(/ada +1 +1\nbo +1 +0\n/);
    expect(shown.stdout).toMatch(/solved +1 +0 +– +0\.00 +none beyond chance/);
    expect(shown.stdout).toContain('     bo: clarity 4, solved false, tone warm\n');
    expect(shown.stderr).toContain('sluice review item cli 1 --told');
    expect(await json('show', 'cli')).toMatchObject({ progress: { reviews: 2 }, items: [{ state: 'disputed' }, {}] });

    const hidden = await review('item', 'cli', '2', '--as', 'bo');
    expect(hidden.stdout).not.toContain('not my field');
    expect((await review('item', 'cli', '2', '--told')).stdout).toContain('ada cannot judge it – not my field');
    const decided = await review('decide', 'cli', '1', '--set', 'solved=no', '--note', 'it is not');
    expect(decided.stdout).toContain('cli 1: settled\n');
    expect(decided.stdout).toContain('decided by mo: clarity 4, solved false, tone warm – it is not');
    const named = await review('next', 'cli', '--as', "Ann O'Neil");
    expect(named.stderr).toContain(`--as "Ann O'Neil" --set`);
    expect((await review('close', 'cli', '--why', 'enough')).stdout).toContain('closed 2');
    expect((await review('next', 'cli', '--as', 'cy')).stdout).toContain('the queue is closed');
    expect((await review('list')).stdout).toMatch(
      /cli +helpful +eval-before-release-1f2e3d4c +2\/4 +0 +0 +1 .* closed/,
    );
  });

  test('what was decided is what calibration reads, and becomes examples', async () => {
    const { stdout } = await world().sluice('judge', 'show', EVALUATION, '--scorer', 'helpful', '--json');
    const [{ labels, fields }] = JSON.parse(stdout).scorers;
    expect(labels.here).toBeGreaterThan(0);
    // Of decisions nobody is the rater.
    expect(fields[0].raters.raters).toEqual(['ada', 'bo']);
    const added = await review('dataset', 'cli', '--to', 'from-cli', '--where', 'solved=no', '--new');
    expect(added.stdout).toMatch(/^from-cli: 1 example added, 1 now, version /);
    expect((await review('dataset', 'cli', '--to', 'from-cli')).stdout).toContain('no new version');
  });

  test('mistakes are said with what would do', async () => {
    const cases: readonly (readonly [line: readonly string[], told: string])[] = [
      [['show', 'clli'], "did you mean 'cli'?"],
      [['label', 'cli', '1', '--set', 'solved'], 'give FIELD=VALUE'],
      [['label', 'pairs', '1', '--winner', 'third'], 'first, second, tie'],
      [['label', 'pairs', '1', '--set', 'win=1'], 'winner is one of first, second, tie'],
      [['label', 'cli', '1', '--winner', 'first'], 'fill in the fields'],
      [['pass', 'cli', '2', '--why', ' '], 'in 1 to 1,024 characters'],
      [['next', 'cli', '--as', ''], 'give a name of 1 to 100 characters'],
      [['item', 'cli', '3'], 'its items are 1 to 2'],
      [['start', 'no/name', '--evaluation', EVALUATION, '--scorer', 'helpful'], 'it is no name'],
      [['dataset', 'cli', '--to', 'x', '--where', 'solved'], 'give FIELD=VALUE'],
    ];
    for (const [line, told] of cases) {
      const { code, stderr } = await review(...line);
      expect([line, code === 0, stderr]).toEqual([line, false, expect.stringContaining(told)]);
    }
  });
}
