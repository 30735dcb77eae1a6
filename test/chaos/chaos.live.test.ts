/** One row of the chaos table, as every change plays it: a worker is killed under load. `npm run chaos` plays all rows. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openPlace, type Place } from './place.ts';
import { playRow } from './play.ts';
import { r3 } from './rows/many-killed.ts';
import { tableOf } from './table.ts';

const SEED = 1;
const ROW_LIMIT_MS = 420_000;

describe('chaos', () => {
  let place: Place;
  beforeAll(async () => {
    place = await openPlace({ seed: SEED, cache: inject('cache') });
  });
  afterAll(() => place?.stop());

  test(`${r3.id}: ${r3.title}`, { timeout: ROW_LIMIT_MS }, async () => {
    const outcome = await playRow(r3, place);
    const table = tableOf(outcome);
    console.log(table);
    expect(outcome.met, table).toBe(true);
  });
});
