/** Some cells of the fault matrix, as every test run plays them; `npm run fault-matrix` plays all. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CELLS } from './cells.ts';
import { playCell } from './play-cell.ts';
import { ingestDocuments, openStage, type Stage, sayYes } from './stage.ts';
import { headings, rowOf } from './table.ts';

/** Each step, what is tried again and what is not, helped and not, whole replies and streams. */
const SHORT: ReadonlySet<string> = new Set([
  'enhance/wrong-schema/always',
  'vector/bad-key/always',
  'rerank/503/always',
  'draft/429/once',
  'draft/cut/once',
  'draft/hang/once',
  'draft+help/refused/always',
  'check/malformed/once',
  'check/too-long/always',
]);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ temporalAddress: inject('temporalAddress'), cache: inject('cache') });
  await stage.startWorker();
  await ingestDocuments(stage);
  await sayYes(stage.standIn);
});
afterAll(() => stage?.stop());

test.each(CELLS.filter(({ id }) => SHORT.has(id)))('$id', async (cell) => {
  const played = await playCell(stage, cell);
  expect(played.missed, `${headings()}\n${rowOf(played)}`).toEqual([]);
});

test('the short form has its cells', () => {
  expect(CELLS.filter(({ id }) => SHORT.has(id)).length).toBe(SHORT.size);
});
