/** Datasets: versions by content, examples that are shared, final splits that are used once. */
import { describe, expect, test } from 'vitest';
import { type Example, memberOf } from '../../src/model/dataset.ts';
import { withClock } from '../../src/store/bound.ts';
import { createDatasets } from '../../src/store/datasets.ts';
import { together } from './processes.ts';
import type { Subject } from './suite.ts';

const example = (id: string, more: Partial<Example> = {}): Example => ({ id, input: { question: `${id}?` }, ...more });
const three = [example('a', { tags: ['dev', 'short'] }), example('b', { tags: ['final'] }), example('c')];

const minuteOf = (at: number) => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

export function describeDatasets(subject: Subject): void {
  const countExamples = async () => {
    const [row] = await subject.database.query<{ count: number }>('select count(*) from example');
    return row!.count;
  };

  describe('datasets', () => {
    test('equal content is one version, in whatever order it comes, and the newest content is current', async () => {
      const { datasets } = subject.store;
      const first = await datasets.put('versions', three, 'one.jsonl');
      expect(first).toMatchObject({
        created: true,
        version: { dataset: 'versions', sequence: 1, examples: 3, origin: 'one.jsonl', isCurrent: true },
      });
      const again = await datasets.put('versions', three.toReversed(), 'two.jsonl');
      expect(again).toEqual({ created: false, version: first.version });
      const other = await datasets.put('versions', three.slice(1), 'less.jsonl');
      expect(other.version).toMatchObject({ sequence: 2, examples: 2 });
      expect(await datasets.find('versions')).toEqual(other.version);
      const back = await datasets.put('versions', three, 'one.jsonl');
      expect(back).toEqual({ created: false, version: first.version });
      expect((await datasets.versions('versions')).map(({ sequence, isCurrent }) => [sequence, isCurrent])).toEqual([
        [2, false],
        [1, true],
      ]);
    });

    test('versions and datasets share the examples that they both hold', async () => {
      const { datasets } = subject.store;
      const many = Array.from({ length: 2_500 }, (_, n) => example(`shared-${n}`));
      await datasets.put('shared', many, 'x');
      const before = await countExamples();
      await datasets.put('shared', [...many, example('one-more')], 'x');
      await datasets.put('shared-too', many.slice(0, 700), 'x');
      expect(await countExamples()).toBe(before + 1);
    });

    test('examples come back as they were, by id, in pages and through filters', async () => {
      const { datasets } = subject.store;
      const whole: Example = {
        id: 'whole',
        input: { question: 'é \u{1F600} "', history: [{ n: 1 }], z: null },
        expected: { answer: 'yes', b: false },
        relevant: { 'p#1': 3, 'p#2': 0 },
        cluster: 'k',
        tags: ['final', 'oblique'],
        run: 'run-1',
      };
      const { version } = (await datasets.put('filtered', [...three, whole], 'x')).version;
      const ids = async (filter: object) => (await datasets.examples(version, filter)).map(({ id }) => id);
      expect(await datasets.examples(version, { id: 'whole' })).toEqual([whole]);
      expect(await ids({ split: 'final' })).toEqual(['b', 'whole']);
      expect(await ids({ split: 'dev' })).toEqual(['a', 'c']);
      expect(await ids({ tag: 'short' })).toEqual(['a']);
      expect(await ids({ split: 'dev', tag: 'oblique' })).toEqual([]);
      expect(await ids({ limit: 2 })).toEqual(['a', 'b']);
      expect(await ids({ limit: 2, after: 'b' })).toEqual(['c', 'whole']);
      expect(await ids({ offset: 1, limit: 2 })).toEqual(['b', 'c']);
      expect(await ids({ split: 'dev', offset: 1 })).toEqual(['c']);
      expect(await ids({ split: 'final', tag: 'oblique', offset: 1 })).toEqual([]);
      expect(await ids({ after: 'a', offset: 1 })).toEqual(['c', 'whole']);
      const count = (filter: object) => datasets.countExamples(version, filter);
      expect(
        await Promise.all([{}, { split: 'dev' }, { tag: 'oblique' }, { split: 'dev', tag: 'final' }].map(count)),
      ).toEqual([4, 2, 1, 0]);
      const { version: shared } = await datasets.find('shared');
      const all = await Array.fromAsync(datasets.eachExample(shared));
      const third = await datasets.examples(shared, { offset: 2_000 });
      expect(third).toEqual(all.slice(2_000));
      expect(new Set(all.map(({ id }) => id)).size).toBe(2_501);
    });

    test('what differs between two versions is told by id', async () => {
      const { datasets } = subject.store;
      const from = (await datasets.put('differing', three, 'x')).version.version;
      const changed = [example('a', { tags: ['dev'] }), three[2]!, example('d')];
      const to = (await datasets.put('differing', changed, 'x')).version.version;
      expect(await datasets.diff(from, to)).toEqual({ added: ['d'], changed: ['a'], removed: ['b'], same: 1 });
      expect(await datasets.diff(to, to)).toEqual({ added: [], changed: [], removed: [], same: 3 });
    });

    test('wrong names and hashes are refused with the right ones', async () => {
      const { datasets } = subject.store;
      const { version } = (await datasets.put('lookups', three, 'x')).version;
      expect(await datasets.find('lookups', version.slice(0, 8))).toMatchObject({ version });
      await expect(datasets.find('lookup')).rejects.toMatchObject({
        code: 'dataset_unknown',
        remedy: "did you mean 'lookups'?",
      });
      await expect(datasets.find('lookups', 'zz')).rejects.toMatchObject({
        code: 'dataset_version_unknown',
        remedy: expect.stringContaining(version.slice(0, 12)),
      });
      await expect(datasets.find('lookups', '')).rejects.toMatchObject({ code: 'dataset_version_unknown' });
      for (const name of ['', '-a', 'a/b', 'a'.repeat(101)])
        await expect(datasets.put(name, three, 'x')).rejects.toMatchObject({ code: 'dataset_name_invalid' });
      expect((await datasets.list()).map(({ dataset }) => dataset)).toContain('lookups');
    });

    test('an example is added in a new version; the same again makes none, another under its id is refused', async () => {
      const { datasets } = subject.store;
      const before = (await datasets.put('added', three, 'x')).version;
      const { created, version } = await datasets.add('added', example('d'), 'run run-1');
      expect({ created, version }).toMatchObject({
        created: true,
        version: { sequence: 2, examples: 4, origin: 'run run-1', isCurrent: true },
      });
      expect((await datasets.put('whole', [...three, example('d')], 'x')).version.version).toBe(version.version);
      expect(await datasets.add('added', example('d'), 'y')).toEqual({ created: false, version });
      await expect(datasets.add('added', example('d', { cluster: 'k' }), 'y')).rejects.toMatchObject({
        code: 'example_exists',
      });
      await expect(datasets.add('nowhere', example('d'), 'y')).rejects.toMatchObject({ code: 'dataset_unknown' });
      const begun = await datasets.add('begun', example('d'), 'y', { mayBegin: true });
      expect(begun).toMatchObject({ created: true, version: { sequence: 1, examples: 1, isCurrent: true } });
      expect(await datasets.add('begun', example('e'), 'y', { mayBegin: true })).toMatchObject({
        version: { sequence: 2, examples: 2 },
      });
      expect(await datasets.diff(before.version, version.version)).toMatchObject({ added: ['d'], same: 3 });
    });

    test('whoever adds runs by name is in the audit; the same again is no change', async () => {
      const { datasets, experiments } = subject.store;
      const add = () => datasets.addAll('audited', [example('a')], 'run a', { mayBegin: true, by: 'key:desk' });
      const [first, again] = [await add(), await add()];
      expect([first.added, again.added]).toEqual([['a'], []]);
      expect(await experiments.audit('audited', 10)).toMatchObject([
        {
          ...{ who: 'key:desk', action: 'dataset.add', was: { version: null }, why: 'from run a' },
          isNow: { version: first.version.version, examples: 1 },
        },
      ]);
    });

    test('an import that is cut short leaves nothing to be seen, and can be made again', async () => {
      const { database, store } = subject;
      const many = Array.from({ length: 1_500 }, (_, n) => example(`cut-${n}`));
      for (const allowed of [1, 2, 3, 4]) {
        let made = 0;
        const query: typeof database.query = (...statement) => {
          made += 1;
          return made > allowed ? Promise.reject(new Error('the process was killed')) : database.query(...statement);
        };
        const transaction = () => Promise.reject(new Error('the process was killed'));
        const cut = createDatasets(withClock({ ...database, query, transaction }));
        await expect(cut.put('cut', many, 'x')).rejects.toThrow('killed');
        await expect(store.datasets.find('cut')).rejects.toMatchObject({ code: 'dataset_unknown' });
      }
      const { created, version } = await store.datasets.put('cut', many, 'x');
      expect({ created, version }).toMatchObject({ created: true, version: { examples: 1_500 } });
      const examples = await Array.fromAsync(store.datasets.eachExample(version.version));
      expect(examples).toHaveLength(1_500);
      const members = await Array.fromAsync(store.datasets.eachMember(version.version));
      expect(members.map(({ example }) => example)).toEqual(examples);
      expect(members.map(({ hash }) => hash)).toEqual(examples.map((example) => memberOf(example).hash));
    });

    test('two processes that add at once lose nothing', async () => {
      const { datasets } = subject.store;
      await datasets.put('raced', three, 'x');
      await together<number>(subject.url, 'addExamples', { name: 'raced', count: 5 });
      const { version, examples, sequence } = await datasets.find('raced');
      expect([examples, sequence]).toEqual([13, 11]);
      expect((await datasets.examples(version)).length).toBe(13);
    });
  });

  describe('final splits', () => {
    const use = (evaluationId: string, purpose = 'promote bot') => ({
      purpose,
      usedBy: 'mo',
      planIds: ['f'.repeat(64)],
      evaluationId,
    });

    test('are used once per purpose; the same evaluation may ask again', async () => {
      const { datasets } = subject.store;
      const { version } = await datasets.put('finals', three, 'x');
      const first = await datasets.useFinal(version, use('eval-1'));
      expect(first).toMatchObject({
        ...use('eval-1'),
        dataset: 'finals',
        version: version.version,
        usedAt: subject.at,
      });
      expect(await datasets.useFinal(version, use('eval-1'))).toEqual(first);
      await expect(datasets.useFinal(version, use('eval-2'))).rejects.toMatchObject({
        code: 'final_used',
        message: expect.stringContaining(
          `'promote bot' before: by mo, ${minuteOf(subject.at)} UTC, on ${'f'.repeat(12)}, in evaluation eval-1`,
        ),
      });
      await datasets.useFinal(version, use('eval-2', 'promote other'));
      expect((await datasets.finalUses(version.version)).map(({ purpose }) => purpose).sort()).toEqual([
        'promote bot',
        'promote other',
      ]);
    });

    test('are known by their content: new dev examples, or another name, do not renew them', async () => {
      const { datasets } = subject.store;
      await datasets.put('renewed', three, 'x');
      await datasets.useFinal(await datasets.find('renewed'), use('eval-3', 'promote renewed'));
      const { version: more } = await datasets.add('renewed', example('new'), 'x');
      const { version: copy } = await datasets.put('copied', [three[1]!], 'x');
      for (const version of [more, copy])
        await expect(datasets.useFinal(version, use('eval-4', 'promote renewed'))).rejects.toMatchObject({
          code: 'final_used',
        });
      const { version: fresh } = await datasets.add('renewed', example('kept', { tags: ['final'] }), 'x');
      expect(await datasets.useFinal(fresh, use('eval-4', 'promote renewed'))).toMatchObject({
        evaluationId: 'eval-4',
      });
    });

    test('there must be one', async () => {
      const { datasets } = subject.store;
      const { version } = await datasets.put('dev-only', [three[0]!], 'x');
      await expect(datasets.useFinal(version, use('eval-5'))).rejects.toMatchObject({ code: 'final_empty' });
      expect(await datasets.finalUses(version.version)).toEqual([]);
    });

    test('of two processes that ask at once, one gets it', async () => {
      const { datasets } = subject.store;
      await datasets.put('raced-final', [example('only', { tags: ['final'] })], 'x');
      const got = await together<number>(subject.url, 'useFinal', { name: 'raced-final', count: 8 });
      expect(got[0]! + got[1]!).toBe(1);
    });
  });
}
