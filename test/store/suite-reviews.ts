/** Review queues: whose turn it is, what is kept of what is said, and what was decided. */
import { describe, expect, test } from 'vitest';
import type { NewQueue } from '../../src/store/reviews.ts';
import { createEvaluation } from './evaluation-helpers.ts';
import type { Subject } from './suite.ts';

const MINUTE_MS = 60_000;
const of = (scorer: string) => ({ pipeline: 'bot', scorer, version: 'd1' });

export function describeReviews(subject: Subject): void {
  const reviews = () => subject.store.reviews;
  /** A queue of so many items over a scorer of its own. */
  async function begin(name: string, items: number, more: Partial<NewQueue> = {}): Promise<string> {
    const { evaluationId } = await createEvaluation(subject, `eval-${name}`);
    // Ended, as those are whose answers are reviewed: what stands still is looked for by others.
    await subject.store.evaluations.setState(evaluationId, 'completed');
    await reviews().start({
      ...{ name, evaluationId, ...of(name), kind: 'fields', question: 'Is it?', guidelines: null, reviewers: 2 },
      ...{ seed: 1, sampleSeed: 7, startedBy: 'mo' },
      fields: [{ name: 'ok', description: null, kind: 'boolean', least: 0, most: 1, isWhole: false, choices: [] }],
      items: Array.from({ length: items }, (_, place) => ({
        ...{ subject: `s${place + 1}`, exampleId: `e${place + 1}`, variant: 0, repeat: 1 },
      })),
      ...more,
    });
    return name;
  }
  const say = (queue: string, place: number, by: string, ok: boolean) =>
    reviews().review({ queue, place, by }, { value: { ok }, note: null });
  const refused = (doing: Promise<unknown>) =>
    doing.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
  const placeOf = async (queue: string, by: string, after?: number) => {
    const claimed = await reviews().claim(queue, by, after);
    return claimed.place ?? claimed.why;
  };

  describe('review queues', () => {
    test('a queue is what it began with, once; a wrong name gets the nearest', async () => {
      const name = await begin('began', 2);
      expect(await reviews().get(name)).toMatchObject({ scorer: 'began', items: 2, closedAt: null, seed: 1 });
      // Of the order nobody is told, in the audit neither.
      const [began] = await subject.store.experiments.audit('review:began', 1);
      expect(began!.isNow).toMatchObject({ seed: 7 });
      expect(await refused(begin('began-2', 1).then(() => reviews().start({ ...NEW, name: 'began' })))).toBe(
        'review_exists',
      );
      await expect(reviews().get('begun')).rejects.toMatchObject({
        code: 'review_unknown',
        remedy: "did you mean 'began'?",
      });
      expect((await reviews().list()).map((queue) => queue.name)).toEqual(expect.arrayContaining(['began', 'began-2']));
    });

    test('an item is kept for whoever has it, others get the next; what others have begun comes first', async () => {
      const queue = await begin('turns', 3);
      expect(await placeOf(queue, 'ada')).toBe(1);
      expect(await placeOf(queue, 'ada')).toBe(1);
      // Two are asked about each: there is room for one beside ada, and for nobody else.
      expect(await placeOf(queue, 'bo')).toBe(1);
      expect(await placeOf(queue, 'cy')).toBe(2);
      await say(queue, 1, 'ada', true);
      // Behind it, and what cy has begun.
      expect(await placeOf(queue, 'ada')).toBe(2);
      expect(await placeOf(queue, 'ada', 2)).toBe(3);
      expect(await placeOf(queue, 'ada', 3)).toBe(2);
      await say(queue, 1, 'bo', false);
      const [first] = await reviews().items(queue);
      expect(first!.reviews).toEqual([
        { reviewer: 'ada', value: { ok: true }, note: null, at: subject.at },
        { reviewer: 'bo', value: { ok: false }, note: null, at: subject.at },
      ]);
      expect(await subject.store.evaluations.labels(of(queue), ['s1'])).toHaveLength(2);
    });

    test('of two who ask at once, one gets the last opening', async () => {
      const queue = await begin('last', 1, { reviewers: 1 });
      const asked = await Promise.all(['ada', 'bo', 'cy', 'di'].map((by) => placeOf(queue, by)));
      expect(asked.toSorted()).toEqual([1, 'taken', 'taken', 'taken']);
    });

    test('a turn ends after 15 minutes, and whoever had it may say what they think all the same', async () => {
      const queue = await begin('slow', 1, { reviewers: 1 });
      const began = subject.at;
      await reviews().claim(queue, 'ada');
      subject.at += 15 * MINUTE_MS - 1;
      expect(await placeOf(queue, 'bo')).toBe('taken');
      expect(await refused(say(queue, 1, 'bo', true))).toBe('review_claimed');
      subject.at += 1;
      expect(await placeOf(queue, 'bo')).toBe(1);
      await say(queue, 1, 'bo', true);
      await say(queue, 1, 'ada', false);
      expect(await refused(say(queue, 1, 'cy', false))).toBe('review_full');
      subject.at = began;
      // The others may have been seen by then.
      expect(
        (await subject.store.experiments.audit(`review:${queue}`, 10)).map(({ action, was }) => [action, was]),
      ).toEqual([
        ['review.change', null],
        ['review.start', null],
      ]);
    });

    test('whoever gave an item back comes too late when it is over', async () => {
      const queue = await begin('skipped', 2, { reviewers: 1 });
      expect(await placeOf(queue, 'ada')).toBe(1);
      expect(await placeOf(queue, 'ada', 1)).toBe(2);
      await say(queue, 1, 'bo', true);
      expect(await refused(say(queue, 1, 'ada', false))).toBe('review_full');
    });

    test('whoever passes is not asked again; what as many cannot judge as it needs, nobody is', async () => {
      const queue = await begin('passed', 1);
      expect(await placeOf(queue, 'ada')).toBe(1);
      await reviews().pass({ queue, place: 1, by: 'ada' }, 'in Welsh');
      expect(await placeOf(queue, 'ada')).toBe('none');
      expect(await placeOf(queue, 'bo')).toBe(1);
      await reviews().pass({ queue, place: 1, by: 'bo' }, 'in Welsh, too');
      expect(await placeOf(queue, 'cy')).toBe('none');
      const [item] = await reviews().items(queue);
      expect(item!.passes.map(({ reviewer, why }) => [reviewer, why])).toEqual([
        ['ada', 'in Welsh'],
        ['bo', 'in Welsh, too'],
      ]);
      // Whoever counts is told that, not why.
      const brief = (await reviews().itemsOfQueues([queue])).get(queue)![0]!;
      expect(brief.passes.map(({ reviewer, why }) => [reviewer, why])).toEqual([
        ['ada', ''],
        ['bo', ''],
      ]);
      // They can, after all.
      await say(queue, 1, 'ada', true);
      expect((await reviews().items(queue))[0]).toMatchObject({ passes: [{ reviewer: 'bo' }], reviews: [{}] });
      expect(await refused(reviews().pass({ queue, place: 1, by: 'ada' }, 'no'))).toBe('review_given');
    });

    test('one’s own is changed, at whatever time; what is changed after all were there is written down', async () => {
      const queue = await begin('changed', 1);
      await say(queue, 1, 'ada', true);
      await say(queue, 1, 'ada', false);
      await say(queue, 1, 'bo', true);
      await say(queue, 1, 'bo', true);
      await say(queue, 1, 'bo', false);
      await reviews().review({ queue, place: 1, by: 'bo' }, { value: { ok: false }, note: 'a\0b' });
      await reviews().review({ queue, place: 1, by: 'bo' }, { value: { ok: false }, note: 'a\0b' });
      const [item] = await reviews().items(queue, 1);
      expect(item!.reviews.map(({ value }) => value)).toEqual([{ ok: false }, { ok: false }]);
      expect(
        (await subject.store.experiments.audit(`review:${queue}`, 10)).map(({ action, was }) => [action, was]),
      ).toEqual([
        ['review.change', { place: 1, value: { ok: false } }],
        ['review.change', { place: 1, value: { ok: true } }],
        ['review.start', null],
      ]);
    });

    test('labels from elsewhere count; a decision stands in place of them, wherever they are read', async () => {
      const queue = await begin('decided', 2);
      const label = { ...of(queue), subject: 's1', value: { ok: true }, note: null, labelledAt: 1 };
      await subject.store.evaluations.putLabels([
        { ...label, rater: 'file' },
        { ...label, rater: 'other' },
      ]);
      expect(await placeOf(queue, 'ada')).toBe(2);
      const at = { queue, place: 1, by: 'mo' };
      await reviews().decide(at, { value: { ok: false }, note: 'both overlooked it' });
      await reviews().decide(at, { value: { ok: false }, note: 'both overlooked it' });
      expect((await reviews().items(queue, 1))[0]!.decision).toMatchObject({ reviewer: 'mo', value: { ok: false } });
      expect(await subject.store.evaluations.labels(of(queue))).toMatchObject([
        { rater: 'mo', value: { ok: false }, note: 'both overlooked it', isFinal: true },
        { rater: 'file' },
        { rater: 'other' },
      ]);
      expect(await refused(say(queue, 1, 'ada', true))).toBe('review_settled');
      expect(await refused(reviews().decide({ ...at, place: 3 }, { value: { ok: true }, note: 'x' }))).toBe(
        'review_item_unknown',
      );
      const audit = await subject.store.experiments.audit(`review:${queue}`, 10);
      expect(audit.map(({ action }) => action)).toEqual(['review.decide', 'review.start']);
    });

    test('a closed queue asks nobody, and takes nothing', async () => {
      const queue = await begin('closed', 1);
      expect(await reviews().close(queue, 'mo', 'enough')).toMatchObject({ closedAt: subject.at });
      await reviews().close(queue, 'mo', 'again');
      expect(await placeOf(queue, 'ada')).toBe('closed');
      expect(await refused(say(queue, 1, 'ada', true))).toBe('review_closed');
      const audit = await subject.store.experiments.audit(`review:${queue}`, 10);
      expect(audit.map(({ action, why }) => [action, why])[0]).toEqual(['review.close', 'enough']);
    });
  });
}

const NEW: NewQueue = {
  ...{ name: 'new', evaluationId: 'eval-began', ...of('x'), kind: 'fields', question: null, guidelines: null },
  ...{ fields: [], reviewers: 1, seed: 1, sampleSeed: 1, startedBy: 'mo', items: [] },
};
