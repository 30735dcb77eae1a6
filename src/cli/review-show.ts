/** `sluice review show`: how far a queue has come, who has reviewed what, how far they agree, and what is disputed. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, showTime } from '../base/format.ts';
import type { AnyScorer } from '../dsl/scorer.ts';
import { describeField, REVIEW_LIMITS, type ReviewReport } from '../model/review-queue.ts';
import type { ReviewedItem } from '../store/reviews.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findJudged } from './judge-scorers.ts';
import { positiveInteger, wholeNumber } from './options.ts';
import { type AsOptions, QUEUE, reviewerOf, saidLines, withReviewer } from './review-lines.ts';
import { EXIT, type ExitCode, redactionOf, type Session, userName } from './session.ts';
import { tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

const BAR_CELLS = 24;
/** Of disputed items. */
const LISTED = 20;

export function showCommand(world: World): Command {
  return withReviewer(
    readingCommand('show', {
      summary: 'show how far a review queue has come, and how far reviewers agree',
      examples: [
        ['review show experts', 'by reviewer and by field, and what is disputed'],
        ['review show experts --json', 'with all of its items'],
      ],
    }).argument(...QUEUE),
    'whose items are marked; default: yours',
  ).action((name: string, options: AsOptions, command: Command) =>
    runAction(world, command, (session) => show(session, name, options)),
  );
}

async function show(session: Session, name: string, options: AsOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { reportOnQueue } = await import('../review/state.ts');
  const { reviewer } = reviewerOf(session, options);
  const { report, disputed } = await withStore(session, async ({ store }) => {
    const report = await reportOnQueue(store, name, reviewer);
    const places = new Set(report.items.filter(({ state }) => state === 'disputed').map(({ place }) => place));
    return { report, disputed: (await store.reviews.items(name)).filter(({ place }) => places.has(place)) };
  });
  if (terminal.json) terminal.printJson(report);
  else showReport(terminal, report, disputed);
  return EXIT.fine;
}

/** @param disputed what was said of the items that are */
export function showReport(terminal: Terminal, report: ReviewReport, disputed: readonly ReviewedItem[]): void {
  showHead(terminal, report);
  const { agreement, progress } = report;
  if (progress.byReviewer.length > 0) {
    terminal.print();
    for (const line of tableLines(progress.byReviewer, [
      { heading: 'reviewer', cell: ({ reviewer }) => reviewer },
      { heading: 'reviews', cell: ({ reviews }) => reviews, align: 'right' },
      { heading: 'cannot judge', cell: ({ passes }) => passes, align: 'right' },
    ]))
      terminal.print(line);
    terminal.print();
    for (const line of tableLines(agreement, [
      { heading: 'field', cell: ({ field }) => field },
      { heading: 'by two or more', cell: ({ shared }) => shared, align: 'right' },
      { heading: 'the same', cell: ({ same, shared }) => (shared === 0 ? null : same), align: 'right' },
      { heading: 'kappa', cell: ({ kappa }) => kappa?.toFixed(2), align: 'right' },
      { heading: 'alpha', cell: ({ alpha }) => alpha?.toFixed(2), align: 'right' },
      { heading: 'agreement', cell: ({ words }) => words },
    ]))
      terminal.print(line);
  }
  showDisputed(terminal, report, disputed);
}

function showHead({ colours, print, width }: Terminal, { queue, progress }: ReviewReport): void {
  const { states, reviews, asked } = progress;
  const full = asked === 0 ? 0 : Math.round((reviews / asked) * BAR_CELLS);
  print(`${colours.bold(queue.name)}: '${queue.scorer}' in ${queue.evaluationId}`);
  if (queue.question !== null) for (const line of wrap(queue.question, width)) print(line);
  if (queue.guidelines !== null) for (const line of wrap(queue.guidelines, width)) print(line);
  for (const field of queue.fields)
    for (const line of wrap(
      `${field.name} (${describeField(field)})${field.description === null ? '' : `: ${field.description}`}`,
      width,
    ))
      print(line);
  const end = queue.closedAt === null ? '' : `, closed ${showTime(queue.closedAt)}`;
  print(`begun by ${queue.startedBy} ${showTime(queue.startedAt)}${end}; each item by ${queue.reviewers}`);
  print();
  print(`${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}  ${reviews} of ${asked} reviews`);
  const told = Object.entries(states).map(([state, items]) => `${items} ${state}`);
  print(`${count(progress.items, 'item')}: ${told.join(' · ')}`);
}

function showDisputed(terminal: Terminal, { queue }: ReviewReport, disputed: readonly ReviewedItem[]): void {
  if (disputed.length === 0) return;
  terminal.print();
  terminal.print(`${count(disputed.length, 'item')} disputed:`);
  for (const item of disputed.slice(0, LISTED)) {
    terminal.print(`  ${item.place}  ${item.exampleId}`);
    for (const line of saidLines(queue, item))
      for (const part of wrap(line, terminal.width, '     ')) terminal.print(part);
  }
  const more = disputed.length - LISTED;
  if (more > 0) terminal.print(`  and ${more} more: sluice review show ${queue.name} --json has them all`);
  if (queue.closedAt === null)
    terminal.note(
      `read one, and decide: sluice review item ${queue.name} ${disputed[0]!.place} --told; sluice review decide --help`,
    );
}

/** `sluice review list`: review queues, and how far each has come. */
export function listCommand(world: World): Command {
  return readingCommand('list', {
    summary: 'list review queues, newest first',
    examples: [['review list', 'how far each has come, and what is disputed']],
  }).action((_options: object, command: Command) => runAction(world, command, listReviews));
}

async function listReviews(session: Session): Promise<ExitCode> {
  const { terminal } = session;
  const { listQueues } = await import('../review/state.ts');
  const queues = await withStore(session, ({ store }) => listQueues(store));
  if (terminal.json) terminal.printJson({ queues });
  else if (queues.length === 0) {
    terminal.print('nobody is asked about anything yet');
    terminal.note('ask people: sluice review start NAME --evaluation ID --scorer ID');
  } else {
    for (const line of tableLines(
      queues,
      [
        { heading: 'queue', cell: ({ queue }) => queue.name },
        { heading: 'scorer', cell: ({ queue }) => queue.scorer },
        { heading: 'evaluation', cell: ({ queue }) => queue.evaluationId, isFlexible: true },
        { heading: 'reviews', cell: ({ progress }) => `${progress.reviews}/${progress.asked}`, align: 'right' },
        { heading: 'agreed', cell: ({ progress }) => progress.states.agreed, align: 'right' },
        { heading: 'disputed', cell: ({ progress }) => progress.states.disputed, align: 'right' },
        { heading: 'settled', cell: ({ progress }) => progress.states.settled, align: 'right' },
        { heading: 'begun', cell: ({ queue }) => showTime(queue.startedAt) },
        { heading: '', cell: ({ queue }) => (queue.closedAt === null ? 'open' : 'closed') },
      ],
      terminal.room,
    ))
      terminal.print(line);
    if (queues.length === REVIEW_LIMITS.listed)
      terminal.note(`these are the newest ${queues.length}; older ones are there by name: sluice review show NAME`);
  }
  return EXIT.fine;
}

interface StartOptions {
  readonly evaluation: string;
  readonly scorer: string;
  readonly sample: number;
  readonly seed: number;
  readonly reviewers: number;
  readonly question?: string;
  readonly guidelines?: string;
  readonly unlabelled?: boolean;
}

const LARGEST_SEED = 2 ** 31 - 1;

/** `sluice review start`: answers of an evaluation, drawn at random, become a queue that people work through. */
export function startCommand(world: World): Command {
  return readingCommand('start', {
    summary: 'ask people about answers of an evaluation',
    examples: [
      ['review start experts --evaluation before-release --scorer judged', '50 answers, each by two people'],
      [
        'review start experts --evaluation before-release --scorer helpful --sample 200 --reviewers 3',
        'what a human scorer asks',
      ],
    ],
  })
    .argument(QUEUE[0], 'the name of the new queue')
    .requiredOption('--evaluation <id>', 'its id, the beginning of it, or the name of its definition')
    .requiredOption('--scorer <id>', 'whose fields are filled in')
    .option('--sample <number>', 'answers, at least: whole examples', positiveInteger(REVIEW_LIMITS.items), 50)
    .option('--seed <number>', 'the same seed draws the same', wholeNumber(LARGEST_SEED), 1)
    .option(
      '--reviewers <number>',
      'how many people are asked about each',
      positiveInteger(REVIEW_LIMITS.reviewers.most),
      REVIEW_LIMITS.reviewers.usual,
    )
    .option('--question <text>', "what is asked; default: the question of the scorer's rubric")
    .option('--guidelines <text>', 'how it is to be judged')
    .option('--unlabelled', 'only answers that nobody has labelled')
    .action((name: string, options: StartOptions, command: Command) =>
      runAction(world, command, (session) => start(session, name, options)),
    );
}

async function start(session: Session, name: string, options: StartOptions): Promise<ExitCode> {
  const [{ startReview }, { reportOnQueue }, redaction, defined] = await Promise.all([
    import('../review/start.ts'),
    import('../review/state.ts'),
    redactionOf(session),
    definedScorers(session),
  ]);
  const who = userName(session.environment);
  const report = await withStore(session, async ({ store }) => {
    const { evaluationId } = await findJudged(store, options.evaluation);
    const { scorer, sample, seed, reviewers, question, guidelines, unlabelled } = options;
    const asked = { name, evaluation: evaluationId, scorer, sample, seed, reviewers, question, guidelines, unlabelled };
    const scorersOf = (pipeline: string) => defined.filter(({ pipelineId }) => pipelineId === pipeline);
    await startReview({ store, scorersOf, redaction }, asked, who);
    return reportOnQueue(store, name, who);
  });
  if (session.terminal.json) session.terminal.printJson(report);
  else showReport(session.terminal, report, []);
  session.terminal.note(`each reviewer asks for items: sluice review next ${name} --as WHO`);
  session.terminal.note(
    'or signs in to the dashboard with a key that may do nothing else: sluice keys create WHO --scope feedback',
  );
  return EXIT.fine;
}

/** None where there is no project, or none that can be loaded: the scores are asked for all the same. */
async function definedScorers({ services, terminal }: Session): Promise<readonly AnyScorer[]> {
  try {
    return [...(await services.evaluations()).values()].flatMap(({ scorers }) => scorers);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    if (error.code !== 'project_missing')
      terminal.note(`${error.message}: people are asked what the evaluation has kept of its scorer`);
    return [];
  }
}

interface DatasetOptions {
  readonly to: string;
  readonly where?: string;
  readonly accept?: boolean;
  readonly tag?: readonly string[];
  readonly new?: boolean;
}

/** `sluice review dataset`: what people agree on becomes examples of a dataset. */
export function datasetCommand(world: World): Command {
  return readingCommand('dataset', {
    summary: 'add what people agree on, or somebody has decided, to a dataset',
    examples: [
      ['review dataset experts --to ai-docs', 'all that is agreed or settled'],
      ['review dataset experts --to ai-docs --where correct=yes --accept', 'good answers become what is expected'],
      ['review dataset experts --to hard --where correct=no --new --tag wrong', 'what goes wrong, in a new dataset'],
    ],
  })
    .argument(...QUEUE)
    .requiredOption('--to <dataset>', 'the name of the dataset')
    .option('--where <field=value>', 'only items of which this holds: as decided, or as most reviewers say')
    .option('--accept', 'the reviewed answer is what is expected; of a pair the better one')
    .option(
      '--tag <tag>',
      'a tag of the examples; may be given several times',
      (tag: string, tags: readonly string[] = []) => [...tags, tag],
    )
    .option('--new', 'begin the dataset where there is none of that name')
    .action((name: string, options: DatasetOptions, command: Command) =>
      runAction(world, command, (session) => add(session, name, options)),
    );
}

async function add(session: Session, name: string, options: DatasetOptions): Promise<ExitCode> {
  const { terminal, services } = session;
  const { to: dataset, where, accept, tag: tags, new: begin } = options;
  const [{ addToDataset }, redaction, definitions] = await Promise.all([
    import('../review/to-dataset.ts'),
    redactionOf(session),
    services.datasets(),
  ]);
  const given = { queue: name, dataset, accept, tags, begin, ...(where !== undefined && wanted(where)) };
  const added = await withStore(session, ({ store }) =>
    addToDataset({ store, redaction, schemas: definitions.get(dataset) }, given, userName(session.environment)),
  );
  if (terminal.json) terminal.printJson(added);
  else
    terminal.print(
      added.created
        ? `${dataset}: ${count(added.added.length, 'example')} added, ${added.examples} now, version ${shortId(added.version)}`
        : `${dataset}: no new version; all of them were in ${shortId(added.version)} already, and stay as they are`,
    );
  return EXIT.fine;
}

function wanted(where: string): { readonly field: string; readonly is: string } {
  const at = where.indexOf('=');
  if (at >= 1) return { field: where.slice(0, at), is: where.slice(at + 1) };
  throw new SluiceError('usage', {
    message: `--where is '${where}'`,
    remedy: 'give FIELD=VALUE, such as correct=yes',
  });
}
