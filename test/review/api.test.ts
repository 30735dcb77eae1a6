/** Two experts at a queue, over the API: neither sees the other before both have spoken, and what they say is kept. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeCommands } from './commands.ts';
import { type Ask, describePairs } from './pairs.ts';
import { EVALUATION, openReviews, type ReviewWorld } from './world.ts';

let world: ReviewWorld;
let ada: Ask;
let bo: Ask;
let mo: Ask;
beforeAll(async () => {
  world = await openReviews();
  [ada, bo] = [world.as('ada', 'feedback'), world.as('bo', 'feedback')];
  mo = world.as('mo', 'read', 'operate');
});
afterAll(() => world?.stop());

const start = (name: string, scorer: string, more: object = {}) =>
  mo('POST', '', { name, evaluation: EVALUATION, scorer, sample: 4, ...more });

describe('fields', () => {
  test('a queue asks what the project’s scorer asks, of whole examples', async () => {
    const { status, body } = await start('words', 'helpful', { guidelines: 'ask mo@example.org' });
    expect(status).toBe(201);
    expect(body.queue).toMatchObject({
      ...{
        name: 'words',
        evaluationId: EVALUATION,
        kind: 'fields',
        question: 'Is it of help?',
        reviewers: 2,
        items: 4,
      },
      startedBy: 'key:mo',
    });
    expect(body.queue.seed).toBeUndefined();
    expect(body.queue.guidelines).not.toContain('mo@example.org');
    expect(body.queue.fields.map((field: { name: string; kind: string }) => [field.name, field.kind])).toEqual([
      ['solved', 'boolean'],
      ['clarity', 'number'],
      ['tone', 'choice'],
    ]);
    expect(body.queue.fields[0].description).toBe('Whether nothing is left to ask');
    const examples = body.items.map(({ exampleId }: { exampleId: string }) => exampleId);
    expect(new Set(examples).size).toBe(2);
    // Reviewers need not read anything else; whoever asks for answers alone sees none of it.
    expect((await ada('GET', '')).body.queues[0].queue.name).toBe('words');
    for (const path of ['', '/words', '/words/items/1'])
      expect((await world.as('app', 'ask')('GET', path)).status).toBe(403);
    expect(await start('words', 'helpful')).toMatchObject({ status: 409, body: { code: 'review_exists' } });
    expect(await start('word', 'helpfull')).toMatchObject({ status: 404, body: { code: 'scorer_unknown' } });
    expect(await ada('POST', '', { name: 'x', evaluation: EVALUATION, scorer: 'helpful' })).toMatchObject({
      status: 403,
    });
  });

  test('a reviewer is blind until all have spoken; then what differs is disputed, and decided', async () => {
    const given = (await ada('POST', '/words/next', {})).body.item;
    expect(given).toMatchObject({ state: 'open', mine: null, told: null, isMine: false });
    expect(given.answers).toEqual([{ title: 'answer', output: { text: expect.any(String) } }]);
    expect(given.input.text).toMatch(/^What of/);
    const { place } = given;
    const at = `/words/items/${place}`;
    const said = { solved: true, clarity: 4, tone: 'warm' };
    expect(await ada('PUT', `${at}/review`, { value: { ...said, clarity: 9 } })).toMatchObject({
      status: 422,
      body: { code: 'value_unfit', remedy: 'fill in a whole number from 1 to 5', data: { field: 'clarity' } },
    });
    expect((await ada('PUT', `${at}/review`, { value: { solved: true } })).body.data.field).toBe('clarity');
    const mine = await ada('PUT', `${at}/review`, { value: said, note: 'as a@b.example says' });
    expect(mine.body).toMatchObject({ state: 'begun', told: null, mine: { value: said, winner: null } });
    expect(mine.body.mine.note).not.toContain('a@b.example');
    expect((await bo('GET', at)).body).toMatchObject({ mine: null, told: null, reviews: 1 });
    expect((await bo('GET', `${at}?told=true`)).body.told).toBeNull();
    expect((await mo('GET', `${at}?told=true`)).body.told.reviews).toHaveLength(1);

    expect((await bo('POST', '/words/next', {})).body.item.place).toBe(place);
    const other = (await bo('PUT', `${at}/review`, { value: { ...said, solved: 'no' } })).body;
    expect(other).toMatchObject({ state: 'disputed', told: { variants: [expect.any(String)], verdict: null } });
    expect(other.told.reviews.map(({ reviewer }: { reviewer: string }) => reviewer)).toEqual(['ada', 'bo']);

    expect(await ada('PUT', `${at}/decision`, { value: { solved: false }, note: 'x' })).toMatchObject({ status: 403 });
    expect(await mo('PUT', `${at}/decision`, { value: {}, note: 'x' })).toMatchObject({
      status: 422,
      body: { data: { field: 'solved' } },
    });
    const decided = await mo('PUT', `${at}/decision`, { value: { solved: false }, note: 'something is left' });
    expect(decided.body).toMatchObject({
      state: 'settled',
      told: { decision: { reviewer: 'mo', value: { ...said, solved: false } } },
    });
    const { progress, agreement, items } = (await ada('GET', '/words')).body;
    expect(progress).toMatchObject({ reviews: 2, asked: 8, states: { settled: 1, open: 3 } });
    expect(items[place - 1]).toMatchObject({ isMine: true, state: 'settled' });
    expect(agreement[0]).toMatchObject({ field: 'solved', shared: 1, same: 0, reviewers: ['ada', 'bo'] });
  });

  test('what cannot be judged is passed; what is left, or not, is said', async () => {
    const { place } = (await ada('POST', '/words/next', {})).body.item;
    expect((await ada('POST', `/words/items/${place}/pass`, { why: 'in Welsh' })).status).toBe(204);
    expect((await ada('GET', `/words/items/${place}`)).body).toMatchObject({ minePassed: 'in Welsh', told: null });
    for (;;) {
      const { item, why, progress } = (await ada('POST', '/words/next', {})).body;
      if (item === null) {
        expect([why, progress.byReviewer[0]]).toEqual(['all_reviewed', { reviewer: 'ada', reviews: 3, passes: 1 }]);
        break;
      }
      const value = { solved: true, clarity: 3, tone: 'cold' };
      expect((await ada('PUT', `/words/items/${item.place}/review`, { value })).status).toBe(200);
    }
    expect(await ada('GET', '/words/items/5')).toMatchObject({ status: 404, body: { code: 'review_item_unknown' } });
    expect(await ada('POST', '/word/next', {})).toMatchObject({ status: 404, body: { code: 'review_unknown' } });
    const closed = await mo('POST', '/words/close', { why: 'enough' });
    expect(closed.body.queue.closedAt).toBeGreaterThan(0);
    expect((await bo('POST', '/words/next', {})).body).toMatchObject({ item: null, why: 'closed' });
    // Another queue may ask about the same: only whoever may decide is told.
    expect((await bo('GET', `/words/items/${place}`)).body.told).toBeNull();
    expect((await mo('GET', `/words/items/${place}?told=true`)).body.told.passes).toMatchObject([{ reviewer: 'ada' }]);
  });

  test('what is settled becomes examples, which fit their dataset; the second time adds none', async () => {
    const into = { dataset: 'reviewed', begin: true, tags: ['hard'] };
    const added = await mo('POST', '/words/dataset', { ...into, field: 'solved', is: false });
    expect(added).toMatchObject({ status: 201, body: { dataset: 'reviewed', examples: 1, created: true } });
    const { version, origin } = await world.store.datasets.find('reviewed');
    const [example] = await world.store.datasets.examples(version);
    expect(origin).toBe('review words');
    expect(example).toMatchObject({ id: added.body.added[0], input: { text: expect.stringMatching(/^What of/) } });
    expect(example!.tags).toEqual(expect.arrayContaining(['hard', 'reviewed']));
    expect((await mo('POST', '/words/dataset', into)).body).toMatchObject({ created: false, added: [] });
    expect(await mo('POST', '/words/dataset', { ...into, field: 'solved', is: true })).toMatchObject({
      status: 409,
      body: { code: 'review_empty' },
    });
    expect((await mo('POST', '/words/dataset', { ...into, dataset: 'strict' })).body.code).toBe('expected_unfit');
    expect((await mo('POST', '/words/dataset', { ...into, accept: true })).body.code).toBe('accept_invalid');
    expect((await mo('POST', '/words/dataset', { ...into, field: 'solve', is: true })).body).toMatchObject({
      code: 'field_unknown',
      remedy: "did you mean 'solved'?",
    });
  });
});

test('what one person judged and the others could not is no example that is accepted', async () => {
  await start('unclear', 'judged', { sample: 1, reviewers: 2 });
  const at = '/unclear/items/1';
  await ada('PUT', `${at}/review`, { value: { correct: 1, score: 1 } });
  for (const ask of [bo, world.as('cy', 'feedback')])
    expect((await ask('POST', `${at}/pass`, { why: 'no' })).status).toBe(204);
  expect((await mo('GET', at)).body.state).toBe('disputed');
  const accepted = { dataset: 'unclear', begin: true, field: 'correct', is: 1, accept: true };
  expect((await mo('POST', '/unclear/dataset', accepted)).body).toMatchObject({ code: 'review_empty' });
});

describe('pairs', () => describePairs(() => ({ world, ada, bo, mo }), start));
describe('commands', () => describeCommands(() => world));
