/**
 * What a fit of `local/lsa` costs over the passages of the `ai` package's documentation, and over a corpus ten times as
 * large; and what it finds. Each measurement has a process of its own, so that its memory is that of the fit.
 *
 * node bench/lsa.ts [--smoke]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chunkDocument } from '../src/ingest/document.ts';
import { listSource, openSource, readBatch } from '../src/ingest/source.ts';
import { bagOf, termsOf } from '../src/lsa/bag.ts';
import { embed } from '../src/lsa/embed.ts';
import { fitLsa } from '../src/lsa/fit.ts';
import { encodeFit } from '../src/lsa/model.ts';
import { grow, type Text, vocabularyOf } from './lsa/grown-corpus.ts';
import { ownCpuMs, peakMemoryMb } from './support/cpu.ts';
import { type Figure, report } from './support/report.ts';

const DOCS = join(import.meta.dirname, '../node_modules/ai/docs');
const COPIES = process.argv.includes('--smoke') ? 2 : 10;
const NEAREST = 3;
const QUESTIONS = [
  'How can the reader see words appear while the answer is still being written?',
  'The model wants to delete a file. How do I ask a person first?',
  'Where do I keep conversations so that they are there after a reload?',
  'compare how alike two sentences are',
  'get an object that fits my zod schema instead of prose',
  'my provider answers too many requests, what happens then?',
  'turn speech into text',
  'unit tests without paying for a model',
  'how many tokens did that call cost',
  'what and why is it?',
  '日本語の質問',
];

interface Measured {
  readonly passages: number;
  readonly terms: number;
  readonly rank: number;
  readonly id: string;
  readonly fitMs: number;
  readonly fitCpuMs: number;
  readonly embedCpuMs: number;
  readonly bytes: number;
  readonly peakMb: number;
}

/** Reads, bags and fits: what an ingest would do. Bags are made as they are needed. */
async function measure(texts: readonly Text[], copies: number): Promise<Measured> {
  // The larger corpus is made first and kept: its memory counts, the time to make it does not.
  const corpus = [...grow(texts, copies)];
  const [startedAt, startedCpuMs] = [performance.now(), ownCpuMs()];
  const fit = await fitLsa(bagsOf(corpus));
  const [fitMs, fittedCpuMs] = [performance.now() - startedAt, ownCpuMs()];
  for (const { terms } of bagsOf(corpus)) embed(fit, terms);
  return {
    passages: corpus.length,
    terms: fit.terms.size,
    rank: fit.rank,
    id: fit.id,
    fitMs,
    fitCpuMs: fittedCpuMs - startedCpuMs,
    embedCpuMs: ownCpuMs() - fittedCpuMs,
    bytes: encodeFit(fit).length,
    peakMb: peakMemoryMb('self'),
  };
}

function* bagsOf(corpus: readonly Text[]) {
  for (const each of corpus) yield bagOf(each);
}

async function readDocs(): Promise<readonly Text[]> {
  const source = await openSource(DOCS);
  const { batches } = await listSource(source);
  const texts: Text[] = [];
  for (const batch of batches)
    for await (const entry of readBatch(source, batch)) {
      if (entry.kind !== 'document') continue;
      const result = chunkDocument(entry.document.raw, 'headings');
      if (result.kind !== 'chunked') continue;
      for (const { id, text, title } of result.document.passages)
        texts.push({ id, text, ...(title !== undefined && { title }) });
    }
  return texts;
}

async function showNearest(texts: readonly Text[]): Promise<void> {
  const fit = await fitLsa(texts.map(bagOf));
  const vectors = texts.map((each) => ({ id: each.id, vector: embed(fit, bagOf(each).terms) }));
  console.log('\nNearest passages of some questions (cosine)');
  for (const question of QUESTIONS) {
    console.log(`  ${question}`);
    const asked = embed(fit, termsOf(question));
    if (!asked) console.log('        no vector: none of its words is in the corpus');
    const scored = vectors.flatMap(({ id, vector }) => (asked && vector ? [{ id, cosine: dot(asked, vector) }] : []));
    for (const { id, cosine } of scored.sort((one, other) => other.cosine - one.cosine).slice(0, NEAREST))
      console.log(`    ${cosine.toFixed(2)}  ${id}`);
  }
}

const dot = (one: Float32Array, other: Float32Array) =>
  one.reduce((sum, value, place) => sum + value * other[place]!, 0);

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const texts = await readDocs();
    const file = join(folder, 'passages.json');
    await writeFile(file, JSON.stringify(texts));
    const apart = async (copies: number) => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        import.meta.filename,
        'measure',
        file,
        `${copies}`,
      ]);
      return JSON.parse(stdout) as Measured;
    };
    const once = await apart(1);
    const grown = await apart(COPIES);
    const { exponent } = vocabularyOf(texts);
    const met = report(`local/lsa over the documentation of 'ai', and over ${COPIES} × as many passages`, [
      ...figuresOf('docs', once),
      ...figuresOf(`${COPIES} ×`, grown),
      { what: 'vocabulary grows as passages to the power of', value: exponent, unit: '' },
      {
        what: 'fit over the docs, with the making of bags',
        value: once.fitMs / 1_000,
        unit: 's',
        asked: { atMost: 5 },
      },
      {
        what: `fit, ${COPIES} × against once, CPU`,
        value: grown.fitCpuMs / once.fitCpuMs,
        unit: '×',
        asked: { atMost: 1.2 * COPIES },
      },
      { what: `peak memory, ${COPIES} ×`, value: grown.peakMb, unit: 'MB', asked: { atMost: 500 } },
    ]);
    await showNearest(texts);
    return met;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function figuresOf(name: string, measured: Measured): readonly Figure[] {
  return [
    { what: `${name}: passages`, value: measured.passages, unit: '' },
    { what: `${name}: terms`, value: measured.terms, unit: '' },
    { what: `${name}: fit, wall`, value: measured.fitMs / 1_000, unit: 's' },
    { what: `${name}: fit, CPU`, value: measured.fitCpuMs / 1_000, unit: 's' },
    { what: `${name}: bags and vectors of all passages, CPU`, value: measured.embedCpuMs / 1_000, unit: 's' },
    { what: `${name}: fit as bytes`, value: measured.bytes / 1_000_000, unit: 'MB' },
    { what: `${name}: peak memory, corpus and runtime included`, value: measured.peakMb, unit: 'MB' },
  ];
}

if (process.argv[2] === 'measure') {
  const texts = JSON.parse(await readFile(process.argv[3]!, 'utf8')) as readonly Text[];
  console.log(JSON.stringify(await measure(texts, Number(process.argv[4]))));
} else if (!(await main())) process.exitCode = 1;
