import { describe, expect, it } from 'vitest';
import {
  feedbackOf,
  plannedRequest,
  type SimulationSettings,
  satisfies,
  USUAL,
} from '../../src/simulation/simulated-users.ts';

const MANY = 20_000;
const share = (
  settings: Partial<SimulationSettings>,
  counts: (feedback: ReturnType<typeof feedbackOf>) => boolean,
  is = true,
) => {
  let found = 0;
  for (let no = 0; no < MANY; no += 1)
    found += Number(counts(feedbackOf({ ...USUAL, requests: MANY, ...settings }, no, is)));
  return found / MANY;
};

describe('simulated people', () => {
  it('ask the same in the same order, for one seed, and come back', () => {
    const planned = Array.from({ length: 2_000 }, (_, no) => plannedRequest({ ...USUAL, users: 300 }, no, 40));
    expect(Array.from({ length: 2_000 }, (_, no) => plannedRequest({ ...USUAL, users: 300 }, no, 40))).toEqual(planned);
    expect(new Set(planned.map(({ unit }) => unit)).size).toBeGreaterThan(290);
    expect(new Set(planned.map(({ example }) => example)).size).toBe(40);
    const pairs = new Set(planned.map(({ unit, example }) => `${unit} ${example}`));
    expect(pairs.size).toBeGreaterThan(1_700);
    expect(plannedRequest({ ...USUAL, seed: 2 }, 0, 40).unit).not.toBe(planned[0]!.unit);
  });

  it('say something as often as asked, and the opposite of what is right as often as asked', () => {
    expect(share({}, (feedback) => feedback !== null)).toBeCloseTo(0.6, 1);
    expect(share({ rating: 1, noise: 0.2 }, (feedback) => feedback!.thumb === 'up')).toBeCloseTo(0.8, 1);
    expect(share({ rating: 1, noise: 0.2 }, (feedback) => feedback!.thumb === 'up', false)).toBeCloseTo(0.2, 1);
    expect(feedbackOf({ ...USUAL, rating: 1 }, 7, null)).toBeNull();
  });

  it('grow sour with time, are late, and are delivered twice', () => {
    const sour = { ...USUAL, rating: 1, noise: 0, drift: 0.5, requests: MANY };
    const downs = (from: number) =>
      Array.from({ length: MANY / 4 }, (_, no) => feedbackOf(sour, from + no, true)!.thumb).filter(
        (thumb) => thumb === 'down',
      );
    expect(downs((3 * MANY) / 4).length).toBeGreaterThan(4 * downs(0).length);
    expect(share({ rating: 1, late: 0.1, lateMs: 500 }, (feedback) => feedback!.afterMs === 500)).toBeCloseTo(0.1, 1);
    expect(share({ rating: 1, duplicates: 0.3 }, (feedback) => feedback!.isTwice)).toBeCloseTo(0.3, 1);
  });
});

describe('the ground truth', () => {
  const example = { id: 'a', input: {}, relevant: { 'guide/streaming': 3, 'guide/other': 0 } };
  const found = (...ids: string[]) => ({ passages: ids.map((id) => ({ id })) });

  it('is satisfied by what is relevant among the first that are shown', () => {
    expect(satisfies(example, found('x#1', 'guide/streaming#4'), 2)).toBe(true);
    expect(satisfies(example, found('x#1', 'guide/streaming#4'), 1)).toBe(false);
    expect(satisfies(example, found('guide/streaming-more#1', 'guide/other#1'), 5)).toBe(false);
    expect(satisfies(example, { citations: [{ n: 1, passageId: 'guide/streaming#1' }], answered: true }, 3)).toBe(true);
    expect(satisfies(example, null, 3)).toBe(false);
  });

  it('is satisfied by an honest no where there is no answer, and by nothing else then', () => {
    const unanswerable = { id: 'b', input: {}, expected: { answerable: false } };
    expect(satisfies(unanswerable, { answered: false }, 3)).toBe(true);
    expect(satisfies(unanswerable, { answered: true, citations: [] }, 3)).toBe(false);
    expect(satisfies({ ...example, expected: { answerable: true } }, { answered: false }, 3)).toBe(false);
    expect(satisfies({ id: 'c', input: {} }, found('x'), 3)).toBeNull();
  });
});
