/** Pairs, over the API: answers without names, and what becomes of who wins. */
import { expect, test } from 'vitest';
import { isSwapped } from '../../src/review/state.ts';
import { type Answered, REASONS, type ReviewWorld } from './world.ts';

export type Ask = (method: string, path: string, body?: object) => Promise<Answered>;

interface People {
  readonly world: ReviewWorld;
  readonly ada: Ask;
  readonly bo: Ask;
  readonly mo: Ask;
}

/** @param start begins a queue of that name over that scorer */
export function describePairs(
  people: () => People,
  start: (name: string, scorer: string, more: object) => Promise<Answered>,
): void {
  test('answers have no names, each has their own order, and what they say is of the variant', async () => {
    const { world, ada, bo, mo } = people();
    const { body } = await start('pairs', 'preferred', { sample: 100, question: 'Which is better?' });
    // Of two examples both answers are the same: nobody is asked about these.
    expect(body.queue).toMatchObject({ kind: 'pair', fields: [], items: 4, question: 'Which is better?' });
    for (let place = 1; place <= 4; place += 1)
      for (const [ask, prefers] of [
        [ada, 'of 1'],
        [bo, place === 4 ? 'of 0' : 'of 1'],
      ] as const) {
        const { body } = await ask('GET', `/pairs/items/${place}`);
        const { answers, told } = body;
        expect(told).toBeNull();
        expect(JSON.stringify(body)).not.toMatch(/baseline|variant|ada|"bo"|win"/);
        const winner = answers[0].output.text.endsWith(prefers) ? 'first' : 'second';
        const reviewed = await ask('PUT', `/pairs/items/${place}/review`, { winner });
        expect(reviewed.body.mine).toMatchObject({ winner, value: { win: prefers === 'of 1' ? 1 : 0 } });
      }
    const { seed } = await world.store.reviews.get('pairs');
    for (const [reviewer, ask] of [
      ['ada', ada],
      ['bo', bo],
    ] as const)
      for (const place of [1, 2, 3, 4]) {
        const { variants, baseline, verdict } = (await ask('GET', `/pairs/items/${place}`)).body.told;
        const isTurned = isSwapped(seed, place, reviewer);
        expect([variants[0], baseline]).toEqual(isTurned ? ['variant', 'second'] : ['baseline', 'first']);
        // What the judge said of this order: in the other one its first is their second.
        expect(verdict).toEqual({ win: 1, reason: isTurned ? REASONS.back : REASONS.forth });
      }
    const { progress, agreement } = (await mo('GET', '/pairs')).body;
    expect(progress.states).toEqual({ open: 0, begun: 0, agreed: 3, disputed: 1, settled: 0 });
    expect(agreement).toMatchObject([{ field: 'win', shared: 4, same: 3, kappa: 0 }]);
    expect((await ada('PUT', '/pairs/items/1/review', { value: { win: 1 } })).body.code).toBe('value_unfit');
  });

  test('the better answers become what is expected; what is kept for the end stays so', async () => {
    const { world, mo } = people();
    const decided = await mo('PUT', '/pairs/items/4/decision', { value: { win: 0 }, note: 'it cites' });
    expect(decided.body.told.decision.value).toEqual({ win: 0 });
    const added = await mo('POST', '/pairs/dataset', { dataset: 'better', begin: true, accept: true });
    expect(added.body.added).toHaveLength(4);
    const { version } = await world.store.datasets.find('better');
    const examples = await world.store.datasets.examples(version);
    expect(examples.find(({ id }) => id === 'e003')!.tags).toEqual(['final', 'reviewed']);
    const texts = examples.map(({ expected }) => expected!.text as string);
    expect(texts.map((text) => text.slice(-4)).toSorted()).toEqual(['of 0', ...new Array(3).fill('of 1')]);
  });
}
