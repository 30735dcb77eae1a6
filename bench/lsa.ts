/**
 * What a fit of `local/lsa` costs over the passages of the `ai` package's documentation, and over a corpus ten times as
 * large; and what it finds. Each measurement has a process of its own, which reads passages from a file one at a time,
 * as an ingest would from the database: its memory is that of the fit. CPU time is what counts, threads included.
 *
 * npm run bench:lsa [-- --smoke]
 */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { chunkDocument } from '../src/ingest/document.ts';
import { listSource, openSource, readBatch } from '../src/ingest/source.ts';
import { bagOf, termsOf } from '../src/lsa/corpus.ts';
import { fitLsa } from '../src/lsa/fit.ts';
import { embed, encodeFit } from '../src/lsa/model.ts';
import { grow, type Text } from './lsa/grown-corpus.ts';
import { ownCpuMs, peakMemoryMb } from './support/cpu.ts';
import { DOCS_FOLDER, DOCS_PART } from './support/questions.ts';
import { type Figure, report } from './support/report.ts';

const smoke = process.argv.includes('--smoke');
const DOCS = smoke ? DOCS_PART : DOCS_FOLDER;
const COPIES = smoke ? 2 : 10;
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
  readonly fittedOn: number;
  readonly terms: number;
  readonly vectors: number;
  readonly fitMs: number;
  readonly fitCpuMs: number;
  readonly embedCpuMs: number;
  readonly bytes: number;
  readonly peakMb: number;
}

/** Reads, bags and fits, as an ingest would; then makes all vectors, reading again. */
async function measure(file: string): Promise<Measured> {
  const [startedAt, startedCpuMs] = [performance.now(), ownCpuMs()];
  const fit = await fitLsa(readBags(file));
  const [fitMs, fittedCpuMs] = [performance.now() - startedAt, ownCpuMs()];
  let vectors = 0;
  for await (const { terms } of readBags(file)) if (embed(fit, terms)) vectors++;
  return {
    fittedOn: fit.passages,
    terms: fit.terms.size,
    vectors,
    fitMs,
    fitCpuMs: fittedCpuMs - startedCpuMs,
    embedCpuMs: ownCpuMs() - fittedCpuMs,
    bytes: encodeFit(fit).length,
    peakMb: peakMemoryMb('self'),
  };
}

async function* readBags(file: string) {
  for await (const line of createInterface(createReadStream(file))) yield bagOf(JSON.parse(line) as Text);
}

function* linesOf(texts: Iterable<Text>) {
  for (const text of texts) yield `${JSON.stringify(text)}\n`;
}

async function measureApart(texts: readonly Text[], copies: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const file = join(folder, 'passages.jsonl');
    await writeFile(file, linesOf(grow(texts, copies)));
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, 'measure', file]);
    return JSON.parse(stdout) as Measured;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readDocs(): Promise<readonly Text[]> {
  const source = await openSource(DOCS);
  const { batches } = await listSource(source);
  const texts: Text[] = [];
  for (const batch of batches)
    for await (const entry of readBatch(source, batch)) {
      if (entry.kind !== 'document') continue;
      const result = await chunkDocument(entry.document.raw, 'headings');
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
  const texts = await readDocs();
  const once = await measureApart(texts, 1);
  const grown = await measureApart(texts, COPIES);
  const met = report(`local/lsa over the documentation of 'ai', and over ${COPIES} × as many passages`, [
    ...figuresOf('docs', once, 5),
    ...figuresOf(`${COPIES} ×`, grown),
    {
      what: `${COPIES} × against once: fit, CPU`,
      value: grown.fitCpuMs / once.fitCpuMs,
      unit: '×',
      asked: { atMost: 1.2 * COPIES },
    },
    { what: `${COPIES} ×: peak memory of the process`, value: grown.peakMb, unit: 'MB', asked: { atMost: 500 } },
  ]);
  await showNearest(texts);
  return met;
}

function figuresOf(name: string, measured: Measured, fitS?: number): readonly Figure[] {
  return [
    { what: `${name}: passages with a vector`, value: measured.vectors, unit: '' },
    { what: `${name}: passages fitted on`, value: measured.fittedOn, unit: '' },
    { what: `${name}: terms`, value: measured.terms, unit: '' },
    { what: `${name}: fit, from text, wall`, value: measured.fitMs / 1_000, unit: 's' },
    {
      what: `${name}: fit, from text, CPU`,
      value: measured.fitCpuMs / 1_000,
      unit: 's',
      ...(fitS && { asked: { atMost: fitS } }),
    },
    { what: `${name}: vectors of all, from text, CPU`, value: measured.embedCpuMs / 1_000, unit: 's' },
    { what: `${name}: fit as bytes`, value: measured.bytes / 1_000_000, unit: 'MB' },
    { what: `${name}: peak memory of the process`, value: measured.peakMb, unit: 'MB' },
  ];
}

if (process.argv[2] === 'measure') console.log(JSON.stringify(await measure(process.argv[3]!)));
else if (!(await main()) && !smoke) process.exitCode = 1;
