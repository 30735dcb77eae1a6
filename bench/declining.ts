/**
 * When the local bot should say that the documents have no answer, over the `dev` half and the questions for tuning:
 * candidate rules, each a logistic regression of a few signs, cross-validated, with how many of the questions without an
 * answer each declines where it wrongly declines a tenth of the others; and the rule as it stands. The half `final` is
 * not read.
 *
 * npm run bench:declining [-- --keep] [--json] [--smoke: every sixth question, a tenth of the pages]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { local } from '../pipelines/docs-bot.ts';
import { evidenceIn } from '../src/extractive/check-by-words.ts';
import { termsOf } from '../src/extractive/terms.ts';
import type { Json } from '../src/index.ts';
import { createProviders } from '../src/models/create-providers.ts';
import { configOf } from '../src/plan/skeleton.ts';
import { createActivities } from '../src/steps/implementations.ts';
import { enhanceQuery } from '../src/steps/model-steps.ts';
import { fuse, keywordSearch, vectorSearch } from '../src/steps/steps.ts';
import { openDocsIndex } from './support/docs-index.ts';
import { createInProcessHost, type InProcessHost } from './support/in-process.ts';
import { crossValidate, type Example, fitLogistic } from './support/logistic.ts';
import { DOCS_FOLDER, DOCS_PART, isInHalf, type QuestionRow, readQuestions, TUNING_FILE } from './support/questions.ts';
import { type Reply, replyFigures, replyTo } from './support/replies.ts';
import { report } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
});

const SMOKE_PART = 6;

const SIGNS = ['rarestMissing', 'nameMissing', 'bestPage', 'share'] as const;
const CANDIDATES: readonly (readonly (typeof SIGNS)[number][])[] = [
  ['share'],
  ['rarestMissing'],
  ['nameMissing'],
  ['bestPage'],
  ['rarestMissing', 'nameMissing'],
  ['rarestMissing', 'bestPage'],
  ['nameMissing', 'bestPage'],
  ['rarestMissing', 'nameMissing', 'bestPage'],
  ['rarestMissing', 'nameMissing', 'bestPage', 'share'],
];
/** Shares of the answerable that may wrongly be declined. */
const WRONGLY = [0.05, 0.08, 0.1, 0.15, 0.2, 0.3];

interface Measured extends Example {
  readonly id: string;
  readonly reply: Reply;
}

/** What the pipeline finds and checks: the signs of one question. */
async function measureOne(host: InProcessHost, row: QuestionRow): Promise<Measured> {
  const configured = (node: string) => configOf(local.plan, node, 'step') as { readonly [key: string]: Json };
  const { question } = row.input;
  const { queries, standalone } = await host.call(enhanceQuery, { question }, configured('enhance'));
  const vector = await host.call(vectorSearch, { queries }, configured('vector'));
  const keyword = await host.call(keywordSearch, { query: standalone }, configured('keyword'));
  const lists = [vector.passages, keyword.passages];
  const { passages } = await host.call(fuse, { lists }, configured('fused'));
  const { signs, held, missing } = evidenceIn(passages, termsOf(standalone));
  const weight = (terms: typeof held) => terms.reduce((sum, term) => sum + term.weight ** 2, 0);
  const share = missing.length === 0 ? 1 : weight(held) / (weight(held) + weight(missing));
  const best = Object.entries(row.relevant ?? {}).toSorted(([, one], [, other]) => other - one)[0]?.[0];
  return {
    id: row.id,
    cluster: best ?? row.id,
    positive: row.expected.answerable,
    signs: { ...signs, share },
    reply: await replyTo(host, row),
  };
}

async function measure(): Promise<readonly Measured[]> {
  const all = [...readQuestions().filter((row) => isInHalf(row, 'dev')), ...readQuestions(TUNING_FILE)];
  const rows = options.smoke ? all.filter((_, place) => place % SMOKE_PART === 0) : all;
  const index = await openDocsIndex(
    options.smoke ? DOCS_PART : DOCS_FOLDER,
    options.keep ? join(process.cwd(), '.sluice', 'bench-retrieval') : undefined,
  );
  try {
    const providers = createProviders({ openai: {}, cohere: {} });
    const host = createInProcessHost(createActivities({ store: index.store, providers }));
    const measured: Measured[] = [];
    for (const row of rows) measured.push(await measureOne(host, row));
    return measured;
  } finally {
    await index.stop();
  }
}

const percent = (rate: number) => (rate * 100).toFixed(1).padStart(7);

const measured = await measure();
const validated = CANDIDATES.map((names) => ({ names, ...crossValidate(measured, names, WRONGLY) }));
const chosen = fitLogistic(measured, ['rarestMissing', 'nameMissing', 'bestPage']);
if (options.json) {
  console.log(JSON.stringify({ validated, chosen, measured }, null, 2));
} else {
  console.log(
    'Unanswerable questions declined, in percent, in folds that the rule and its threshold were not chosen on;',
  );
  console.log('in brackets the answerable that were declined there, which the threshold meant to be');
  console.log(`${''.padEnd(52)}   area${WRONGLY.map((rate) => `${percent(rate)} %    `).join('')}`);
  for (const { names, area, points } of validated)
    console.log(
      `${names.join(' + ').padEnd(52)}  ${area.toFixed(3)}${points.map(({ declined, wrongly }) => `${percent(declined)} (${(wrongly * 100).toFixed(1)})`.padEnd(13)).join('')}`,
    );
  console.log(`\nFitted on all: ${JSON.stringify({ bias: chosen.bias, ...chosen.weights })}`);
  report(
    'The local bot as it stands, over what it was tuned on',
    replyFigures(
      measured.map(({ reply }) => reply),
      false,
    ),
  );
}
