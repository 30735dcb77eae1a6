/** One evaluation over the memo, as a program that ends well only where all answers are there and right. */
import { chunksOf, evaluateChunks } from '../support/chunk-workers.ts';
import { VARIANTS } from '../support/five-steps.ts';

const [url, callsFile, examples] = process.argv.slice(2);
const chunks = chunksOf('competitors', Number(examples), [VARIANTS]);
const { answered } = await evaluateChunks(chunks, { url: url!, callsFile: callsFile!, killsAtMs: [] });
const expected = Number(examples) * VARIANTS.length;
console.log(`${answered} of ${expected} answers are right`);
process.exitCode = answered === expected ? 0 : 1;
