/** The quick rows of the chaos table, as every test run plays them; `npm run chaos` plays all and is the table itself. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openPlace, type Place } from './place.ts';
import { playRow } from './play.ts';
import { ROWS } from './rows.ts';
import { tableOf } from './table.ts';

const SEED = 1;
const ROW_LIMIT_MS = 420_000;

describe('chaos', () => {
  let place: Place;
  beforeAll(async () => {
    place = await openPlace({ seed: SEED, cache: inject('cache') });
  });
  afterAll(() => place?.stop());

  test.each(ROWS.filter(({ short }) => short))('$id: $title', { timeout: ROW_LIMIT_MS }, async (row) => {
    const outcome = await playRow(row, place);
    const table = tableOf(outcome);
    console.log(table);
    expect(outcome.met, table).toBe(true);
  });
});
