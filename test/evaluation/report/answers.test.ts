/** Comparisons that are kept: the same is made once, and nothing old is shown. */
import { describe, expect, test } from 'vitest';
import type { ChosenEvaluation } from '../../../src/evaluation/compare/sides.ts';
import { type AnswersOptions, createAnswers, createReportCache } from '../../../src/evaluation/report/answers.ts';
import type { ScorerIdentity } from '../../../src/model/evaluation-spec.ts';
import type { Label } from '../../../src/store/evaluations.ts';
import { makeRows } from './make-rows.ts';

const { facts, rows } = makeRows({ examples: 12, variants: 2 });
const LABEL: Label = {
  ...{ pipeline: 'docs-bot', scorer: 'judge', version: 'd1' },
  ...{ subject: 's', rater: 'mo', value: { correct: 1 }, note: null, labelledAt: 1 },
};

/** A store in which everything that an answer rests on may change. */
function storeThat() {
  const has = { progressedAt: 1, finishedAt: 2, labels: [] as Label[], comparisons: 1, others: 'a', lock: 'x' };
  let read = 0;
  let counted = 0;
  const evaluations = {
    get: async () => evaluation('completed').row,
    progress: async () => ({ done: 24 }),
    registration: async () => ({ hash: has.lock, content: null }),
    labels: async ({ scorer }: ScorerIdentity) => has.labels.filter((label) => label.scorer === scorer),
    scored: async () => [],
    fingerprint: async (ids?: readonly string[]) =>
      ids === undefined ? has.others : `${has.progressedAt} ${has.finishedAt}`,
    countComparisons: async () => {
      counted += 1;
      return has.comparisons;
    },
    nextComparisonCount: async () => has.comparisons,
    async *eachResult() {
      read += 1;
      yield* rows;
    },
  };
  const datasets = {
    countExamples: async () => 0,
    async *eachMember() {
      for (const { id, hash, tags } of facts.examples) yield { hash, example: { id, tags, input: { question: id } } };
    },
  };
  const evaluation = (state: string) =>
    ({ row: { ...facts, state, createdAt: 1, finishedAt: has.finishedAt }, variant: undefined }) as unknown as Named;
  return {
    store: { evaluations, datasets } as never,
    has,
    evaluation,
    timesRead: () => read,
    timesCounted: () => counted,
  };
}

type Named = ChosenEvaluation;

function open(options: Partial<AnswersOptions> = {}) {
  const world = storeThat();
  // The work itself, without a thread.
  const compare = async () => new TextEncoder().encode('{}');
  const answers = createAnswers({ store: world.store, urlOf: String }, { compare, ...options });
  const ask = async (state = 'completed') => {
    await answers.get([world.evaluation(state)]);
    return world.timesRead();
  };
  return { ...world, answers, ask };
}

describe('what was compared once', () => {
  test('is not read again', async () => {
    const { ask } = open();
    expect([await ask(), await ask(), await ask()]).toEqual([1, 1, 1]);
    const both = open();
    await Promise.all([both.ask(), both.ask()]);
    expect(both.timesRead()).toBe(1);
  });

  test.each<[string, Partial<ReturnType<typeof storeThat>['has']>]>([
    ['rows have come, if only in the place of others', { progressedAt: 2 }],
    ['the evaluation has ended anew', { finishedAt: 9 }],
    ['somebody has spoken', { labels: [LABEL] }],
    ['more was compared on the dataset', { comparisons: 2 }],
    ['something else was declared', { lock: 'y' }],
  ])('is read again once %s', async (_, change) => {
    const { ask, has } = open();
    await ask();
    Object.assign(has, change);
    expect([await ask(), await ask()]).toEqual([2, 2]);
  });

  test('is read again once others have, where labels say how good a judge is', async () => {
    const { ask, has } = open();
    await ask();
    has.others = 'b';
    expect(await ask()).toBe(1);
    has.labels = [LABEL];
    await ask();
    has.labels = [{ ...LABEL, value: { correct: 0 } }];
    expect(await ask()).toBe(3);
    has.others = 'c';
    expect(await ask()).toBe(4);
  });

  test('is read each time while the evaluation goes on', async () => {
    const { ask } = open();
    expect([await ask('running'), await ask('running')]).toEqual([1, 2]);
  });

  test('is read once for all who ask meanwhile, whether or not the evaluation goes on', async () => {
    const { ask } = open();
    expect(await Promise.all([ask('running'), ask('running')])).toEqual([1, 1]);
  });

  test('is refused before anything is read for it where too many wait', async () => {
    const going = Promise.withResolvers<void>();
    const compare = async () => {
      await going.promise;
      return new TextEncoder().encode('{}');
    };
    const { ask, has, timesRead } = open({ compare });
    const waiting: Promise<number>[] = [];
    for (const at of Array.from({ length: 16 }).keys()) {
      has.progressedAt = at;
      waiting.push(ask());
      await expect.poll(timesRead, { interval: 2 }).toBe(at + 1);
    }
    has.progressedAt = 16;
    await expect(ask()).rejects.toMatchObject({ code: 'comparisons_busy', retryable: true });
    expect(timesRead()).toBe(16);
    going.resolve();
    await Promise.all(waiting);
    expect(await ask()).toBe(17);
  });

  test('is forgotten after ten minutes', async () => {
    let now = 0;
    const { ask } = open({ clock: () => now });
    await ask();
    now = 599_999;
    expect(await ask()).toBe(1);
    now = 600_000;
    expect(await ask()).toBe(2);
  });
});

describe('what is made before somebody looks', () => {
  test('is there then, and counted then', async () => {
    const { answers, evaluation, timesRead, timesCounted } = open();
    await answers.ahead([evaluation('completed')]);
    expect([timesRead(), timesCounted()]).toEqual([1, 0]);
    await answers.get([evaluation('completed')]);
    expect([timesRead(), timesCounted()]).toEqual([1, 1]);
    await answers.ahead([evaluation('completed')]);
    expect(timesRead()).toBe(1);
  });

  test('is waited for by who looks meanwhile', async () => {
    const { answers, evaluation, timesRead, timesCounted } = open();
    const made = answers.ahead([evaluation('completed')]);
    await answers.get([evaluation('completed')]);
    await made;
    expect([timesRead(), timesCounted()]).toEqual([1, 1]);
  });

  test('is made anew where more was compared on the dataset in between, ahead or when it is looked at', async () => {
    const { answers, evaluation, has, timesRead } = open();
    await answers.ahead([evaluation('completed')]);
    has.comparisons = 5;
    await answers.get([evaluation('completed')]);
    expect(timesRead()).toBe(2);
    has.comparisons = 6;
    await answers.ahead([evaluation('completed')]);
    await answers.get([evaluation('completed')]);
    expect(timesRead()).toBe(3);
  });

  test('is not made while rows may come', async () => {
    const { answers, evaluation, timesRead } = open();
    await answers.ahead([evaluation('running')]);
    expect(timesRead()).toBe(0);
  });

  test('waits behind what is looked at, and for nothing once another is asked for', async () => {
    const going = Promise.withResolvers<void>();
    const compare = async () => {
      await going.promise;
      return new TextEncoder().encode('{}');
    };
    const { answers, evaluation, has, timesRead } = open({ compare });
    const looking = answers.get([evaluation('completed')]);
    await expect.poll(timesRead, { interval: 2 }).toBe(1);
    has.progressedAt = 2;
    const overtaken = answers.ahead([evaluation('completed')]);
    // Its basis is read first, and only then something else is asked for.
    await new Promise(setImmediate);
    has.progressedAt = 3;
    const last = answers.ahead([evaluation('completed')]);
    await new Promise(setImmediate);
    expect(timesRead()).toBe(1);
    going.resolve();
    await Promise.all([looking, overtaken, last]);
    expect(timesRead()).toBe(2);
    await answers.get([evaluation('completed')]);
    expect(timesRead()).toBe(2);
  });

  test('says of what goes wrong nothing, and does not try it again, until somebody looks', async () => {
    const refused = async () => {
      throw new Error('no thread');
    };
    const { answers, evaluation, timesRead } = open({ compare: refused });
    await answers.ahead([evaluation('completed')]);
    await answers.ahead([evaluation('completed')]);
    expect(timesRead()).toBe(1);
    await expect(answers.get([evaluation('completed')])).rejects.toThrow('no thread');
    expect(timesRead()).toBe(2);
  });

  test('that goes wrong is told to who waits for it, and not made again for them', async () => {
    const going = Promise.withResolvers<Uint8Array>();
    const { answers, evaluation, timesRead } = open({ compare: () => going.promise });
    const made = answers.ahead([evaluation('completed')]);
    await expect.poll(timesRead, { interval: 1 }).toBe(1);
    const looked = expect(answers.get([evaluation('completed')])).rejects.toThrow('no thread');
    await new Promise(setImmediate);
    going.reject(new Error('no thread'));
    await Promise.all([looked, made]);
    expect(timesRead()).toBe(1);
  });
});

describe('what is kept', () => {
  const made = (bytes: number) => ({ json: new Uint8Array(bytes), comparisons: 1 });

  test('is bounded in number and bytes; who was asked for last stays', () => {
    const kept = createReportCache({ kept: 3, keptBytes: 100, keptMs: 1_000 }, () => 0);
    for (const basis of ['a', 'b', 'c']) kept.put(basis, made(10));
    kept.find('a');
    kept.put('d', made(10));
    expect(['a', 'b', 'c', 'd'].map((basis) => kept.find(basis) !== undefined)).toEqual([true, false, true, true]);
    kept.put('e', made(80));
    expect(['a', 'c', 'd', 'e'].map((basis) => kept.find(basis) !== undefined)).toEqual([false, true, true, true]);
    kept.put('f', made(101));
    expect(kept.find('f')).toBeUndefined();
  });
});

test('the answer is what the functions give, by way of a thread', async () => {
  const { store, evaluation } = storeThat();
  const answers = createAnswers({ store, urlOf: (id) => `at/${id}` });
  const answer = JSON.parse(new TextDecoder().decode(await answers.get([evaluation('completed')])));
  expect(answer.examples).toBe(12);
  expect(answer.page.ids).toEqual(facts.examples.map(({ id }) => id));
  expect(answer.page.questions[0]).toBe(facts.examples[0]!.id);
  expect(answer.report.sides.map(({ label }: { label: string }) => label)).toEqual(['baseline', 'hybrid']);
  expect(answer.report.metrics[0].sides[0].pairs).toBe(12);
  expect(answer.evaluations[0].address).toBe(`at/${facts.evaluationId}`);
});
