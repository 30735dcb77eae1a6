/**
 * How well passages are found, and questions declined, on the question set over the documentation of the npm package
 * `ai`: recall@10, MRR@10 and nDCG@10 by page with paired 95 % t intervals, and what the documentation bot's local steps
 * answer and decline. Everything runs in this process on an embedded database.
 *
 * npm run bench:retrieval [-- --half dev|final] [--smoke] [--json] [--keep]
 *
 * `--half dev` is the default; `final` is for the end. `--smoke` takes ten questions and a tenth of the pages. `--keep` keeps the database in
 * `.sluice/bench-retrieval`, so that later runs parse only pages that changed.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProviders } from '../src/models/create-providers.ts';
import { createActivities } from '../src/steps/implementations.ts';
import { openDocsIndex } from './support/docs-index.ts';
import { createInProcessHost } from './support/in-process.ts';
import { DOCS_FOLDER, DOCS_PART, HALVES, isInHalf, type QuestionRow, readQuestions } from './support/questions.ts';
import { CUT, difference, METRICS, meanScores, pagesOf, type Scores, scorePages } from './support/ranking.ts';
import { type Reply, replyFigures, replyTo } from './support/replies.ts';
import { report } from './support/report.ts';
import { createRetrievers, type Retriever } from './support/retrievers.ts';

const { values: options } = parseArgs({
  options: {
    half: { type: 'string', default: 'dev' },
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

interface Ranked {
  readonly id: string;
  readonly oblique: boolean;
  readonly pages: readonly string[];
  readonly scores: Scores;
}

function chooseQuestions(): readonly QuestionRow[] {
  const half = HALVES.find((each) => each === options.half);
  if (!half) throw new Error(`there is no half '${options.half}': take ${HALVES.join(' or ')}`);
  const rows = readQuestions().filter((row) => isInHalf(row, half));
  if (!options.smoke) return rows;
  const [answerable, others] = [true, false].map((is) => rows.filter(({ expected }) => expected.answerable === is));
  return [...answerable!.slice(0, 7), ...others!.slice(0, 3)];
}

async function rank({ search }: Retriever, rows: readonly QuestionRow[]): Promise<readonly Ranked[]> {
  const ranked: Ranked[] = [];
  for (const { id, input, relevant, tags } of rows) {
    if (!relevant) continue;
    const pages = pagesOf(await search(input.question));
    ranked.push({
      id,
      oblique: tags.includes('oblique'),
      pages: pages.slice(0, CUT),
      scores: scorePages(pages, relevant),
    });
  }
  return ranked;
}

async function measure(rows: readonly QuestionRow[]) {
  const { store, stop, ...index } = await openDocsIndex(
    options.smoke ? DOCS_PART : DOCS_FOLDER,
    options.keep ? join(process.cwd(), '.sluice', 'bench-retrieval') : undefined,
  );
  try {
    const host = createInProcessHost(
      createActivities({ store, providers: createProviders({ openai: {}, cohere: {} }) }),
    );
    const retrievers = [];
    for (const retriever of createRetrievers(host))
      retrievers.push({ name: retriever.name, ranked: await rank(retriever, rows) });
    const replies: Reply[] = [];
    for (const row of rows) replies.push(await replyTo(host, row));
    return { index, retrievers, replies };
  } finally {
    await stop();
  }
}

type Measured = Awaited<ReturnType<typeof measure>>;

/** How the name of a retriever ends that reranks; the rest of it names the search. */
const RERANKED = ' + rerank';

/** Means of each retriever, its differences from the first one, and those that its reranker makes. */
function summarise(retrievers: Measured['retrievers']) {
  const scoresOf = (ranked: readonly Ranked[]) => ranked.map(({ scores }) => scores);
  const base = scoresOf(retrievers[0]!.ranked);
  const rankedBy = (name: string) => retrievers.find((each) => each.name === name)!.ranked;
  return retrievers.map(({ name, ranked }, index) => ({
    name,
    all: meanScores(scoresOf(ranked)),
    oblique: meanScores(scoresOf(ranked.filter(({ oblique }) => oblique))),
    ...(index > 0 && {
      against: Object.fromEntries(METRICS.map((metric) => [metric, difference(base, scoresOf(ranked), metric)])),
    }),
    ...(name.endsWith(RERANKED) && {
      againstUnranked: Object.fromEntries(
        METRICS.map((metric) => [
          metric,
          difference(scoresOf(rankedBy(name.slice(0, -RERANKED.length))), scoresOf(ranked), metric),
        ]),
      ),
    }),
    missed: ranked.filter(({ scores }) => scores.mrr === 0).map(({ id }) => id),
  }));
}

type Summary = ReturnType<typeof summarise>;

const three = (value: number) => value.toFixed(3).replace(/^(-?)0\./, '$1.');
const signed = (value: number) => (value < 0 ? three(value) : `+${three(value)}`);

function printDifferences(name: string, differences: Summary[number]['against'] = {}): void {
  for (const [metric, { diff, lo, hi }] of Object.entries(differences))
    console.log(
      `  ${name.padEnd(34)}${metric.padEnd(10)}${signed(diff).padStart(12)}  ${lo === null || hi === null ? 'no variation' : `[${signed(lo)}, ${signed(hi)}]`}`,
    );
}

function printRetrieval(summary: Summary): void {
  const row = (name: string, { recall, mrr, ndcg }: Scores) =>
    console.log(`  ${name.padEnd(44)}${[recall, mrr, ndcg].map((value) => three(value).padStart(12)).join('')}`);
  console.log(`\n  ${''.padEnd(44)}${['recall@10', 'MRR@10', 'nDCG@10'].map((name) => name.padStart(12)).join('')}`);
  for (const { name, all, oblique } of summary) {
    row(name, all);
    row('  oblique questions only', oblique);
  }
  console.log(`\n  Against ${summary[0]!.name}, by question, with 95 % t intervals`);
  for (const { name, against } of summary) printDifferences(name, against);
  console.log('\n  Against the same search without the reranker');
  for (const { name, againstUnranked } of summary) printDifferences(name, againstUnranked);
  for (const { name, missed } of summary) console.log(`\n  ${name} has no gold page in ${CUT}: ${missed.join(', ')}`);
}

const rows = chooseQuestions();
const { index, retrievers, replies } = await measure(rows);
const summary = summarise(retrievers);
if (options.json) {
  const settings = { half: options.half, smoke: options.smoke, questions: rows.length };
  console.log(JSON.stringify({ ...settings, index, summary, retrievers, replies }, null, 2));
} else {
  const answerable = replies.filter((each) => each.answerable);
  console.log(
    `${index.documents} pages, ${index.passages} passages · ${options.half}: ${answerable.length} questions with gold, ${replies.length - answerable.length} without`,
  );
  printRetrieval(summary);
  const met = report('The documentation bot, by its local steps', replyFigures(replies, !options.smoke));
  const named = (what: string, chosen: readonly Reply[]) =>
    console.log(`\n  ${what}: ${chosen.map(({ id }) => id).join(', ')}`);
  named(
    'answerable, declined',
    answerable.filter(({ answered }) => !answered),
  );
  named(
    'answered without a page that has gold',
    answerable.filter((each) => each.answered && !each.citesGold),
  );
  named(
    'unanswerable, answered',
    replies.filter((each) => !each.answerable && each.answered),
  );
  process.exitCode = met ? 0 : 1;
}
