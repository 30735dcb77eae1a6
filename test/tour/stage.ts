/**
 * Where the tour takes place: a project folder with servers of its own (Temporal with its UI, database, worker, API), a
 * stand-in for the paid providers, and a browser for each who takes part.
 */
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { type Undo, unwind } from '../../src/base/unwind.ts';
import type { Example } from '../../src/model/dataset.ts';
import type { Scope } from '../../src/store/api-keys.ts';
import { startStandIn } from '../standin/start.ts';
import { startChromium } from '../support/chromium.ts';
import { signIn } from '../support/dashboard.ts';
import { createProject, type Ended, type Going, type Project } from '../support/project.ts';
import { sayByWords } from './model.ts';
import { ALL_PAGES, FEW_PAGES } from './project.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const OWN_PROJECT = join(repository, 'test/tour/project.ts');
const DATASET = 'pipelines/datasets/ai-docs.jsonl';
/** Chapters of the documentation inside the npm package `ai`. */
const DOCS = join(repository, 'node_modules/ai/docs');
const FEW = ['02-foundations'];
const ALL = [...FEW, '04-ai-sdk-ui', '09-troubleshooting'];
/** What people ask: questions that the chapters which the first version has not read do answer. */
export const QUESTIONS_ASKED = 'asked';
/** For what never comes: on a busy machine much is slow. */
const PATIENCE_MS = 180_000;
const EMBEDDING = 'openai/text-embedding-3-small';
const API = /API +(http:\S+)/;

export interface Stage {
  readonly url: string;
  /** Runs a command of the program in the project; what it prints. @throws where it fails */
  sluice(...args: readonly string[]): Promise<string>;
  /** Starts a command that goes on until it is stopped. */
  begin(...args: readonly string[]): { stop(): Promise<void> };
  /** A browser window of somebody who has signed in with a new key of these scopes. */
  enter(name: string, scopes: readonly Scope[]): Promise<Page>;
  /** A window without a key, for other pages than the dashboard's. */
  window(): Promise<Page>;
  close(): Promise<void>;
}

export interface StageSettings {
  /** Where Temporal's program and the built bundles are kept. */
  readonly cache: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
}

export async function setStage({ cache, size, colorScheme = 'light' }: StageSettings): Promise<Stage> {
  const undo: Undo = [];
  try {
    const standIn = await startStandIn();
    undo.push(() => standIn.close());
    await standIn.reply({}, sayByWords, { times: 'always' });
    const project = await createProject(cache);
    undo.push(() => project.remove());
    await fill(project);
    const settings = {
      ...{ OPENAI_API_KEY: 'stand-in', OPENAI_BASE_URL: standIn.openaiUrl },
      ...{ CO_API_KEY: 'stand-in', COHERE_BASE_URL: standIn.cohereUrl },
      ...{ SLUICE_HTTP_LISTEN: '127.0.0.1:0', SLUICE_HTTP_RATE: '1000', USER: 'tour' },
    };
    const sluice = async (...args: readonly string[]) => told(args, await project.sluice(args, settings));
    const server = project.start(['serve'], settings);
    undo.push(() => stop(server));
    await server.wrote('/docs shows all of it');
    const url = API.exec(server.written())![1]!;
    const browser = await startChromium();
    undo.push(() => browser.close());
    const openWindow = async () => {
      const context = await browser.newContext({ viewport: size, colorScheme });
      context.setDefaultTimeout(PATIENCE_MS);
      return context.newPage();
    };
    await prepare(project, sluice);
    return {
      url,
      sluice,
      begin: (...args) => {
        const going = project.start(args, settings);
        return { stop: () => stop(going) };
      },
      enter: async (name, scopes) => {
        const page = await openWindow();
        await signIn(page, url, await keyOf(sluice, name, scopes));
        return page;
      },
      window: openWindow,
      close: () => unwind(undo),
    };
  } catch (error) {
    await unwind(undo).catch(() => undefined);
    throw error;
  }
}

async function stop({ process, ended }: Going): Promise<void> {
  process.kill('SIGINT');
  await ended;
}

function told(args: readonly string[], { code, stdout, stderr }: Ended): string {
  if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}

async function fill(project: Project): Promise<void> {
  await project.write({ 'pipelines/index.ts': `export * from '${OWN_PROJECT}';\n` });
  const questions = (await readFile(join(repository, DATASET), 'utf8')).trim().split('\n');
  await project.write({
    [DATASET]: linesOf(questions, ({ tags = [] }, isIn) => isIn(ALL) && !tags.includes('final')),
    [`${QUESTIONS_ASKED}.jsonl`]: linesOf(
      questions,
      ({ tags = [] }, isIn) => isIn(ALL) && !isIn(FEW) && !tags.includes('final') && !tags.includes('oblique'),
    ),
  });
  for (const [index, chapters] of [
    [FEW_PAGES, FEW],
    [ALL_PAGES, ALL],
  ] as const)
    for (const chapter of chapters)
      await cp(join(DOCS, chapter), join(project.folder, 'pages', index, chapter), { recursive: true });
}

/** Those that are wanted, by what they are and whether one of these chapters answers them. */
function linesOf(
  questions: readonly string[],
  isWanted: (example: Example, isIn: (chapters: readonly string[]) => boolean) => boolean,
): string {
  const wanted = questions.filter((line) => {
    const example = JSON.parse(line) as Example;
    const of = Object.keys(example.relevant ?? {}).map((id) => id.split('/')[0]!);
    return isWanted(example, (chapters) => of.some((chapter) => chapters.includes(chapter)));
  });
  return `${wanted.join('\n')}\n`;
}

/** What is there before anybody looks: documents, questions, and a first version that serves. */
async function prepare({ folder }: Project, sluice: Stage['sluice']): Promise<void> {
  await Promise.all([
    ...[FEW_PAGES, ALL_PAGES].map((index) =>
      sluice('ingest', join(folder, 'pages', index), '--index', index, '--embed', EMBEDDING),
    ),
    sluice('dataset', 'import', '--name', 'ai-docs', join(folder, DATASET)),
    sluice('dataset', 'import', join(folder, `${QUESTIONS_ASKED}.jsonl`)),
  ]);
  await sluice('deploy', 'docs-bot', '--variant', 'starter', '--why', 'the first version');
}

async function keyOf(sluice: Stage['sluice'], name: string, scopes: readonly Scope[]): Promise<string> {
  return (await sluice('keys', 'create', name, '--scope', scopes.join(','), '--quiet')).trim();
}
