/** `sluice review`: experts are asked about answers, and what they say is held against each other. */
import type { Command } from 'commander';
import { commandLine } from '../base/shell.ts';
import {
  describeField,
  REVIEW_LIMITS,
  type ReviewItem,
  type ReviewProgress,
  type ReviewQueue,
  WINNERS,
} from '../model/review-queue.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { positiveInteger } from './options.ts';
import {
  type AsOptions,
  atDesk,
  PLACE,
  QUEUE,
  reviewerOf,
  type SaidOptions,
  saidBy,
  saidLines,
  showItemText,
  valueText,
  withReviewer,
  withSaid,
} from './review-lines.ts';
import { datasetCommand, listCommand, showCommand, showReport, startCommand } from './review-show.ts';
import { EXIT, type ExitCode, redactionOf, type Session, userName } from './session.ts';
import { withStore } from './with-servers.ts';

export function reviewCommand(world: World): Command {
  return groupCommand('review', 'ask experts about answers, each by two or more, and see how far they agree', [
    listCommand(world),
    startCommand(world),
    showCommand(world),
    itemCommand(world),
    nextCommand(world),
    labelCommand(world),
    passCommand(world),
    decideCommand(world),
    closeCommand(world),
    datasetCommand(world),
  ]);
}

interface ItemOptions extends AsOptions {
  readonly told?: boolean;
}

/** `sluice review item` and `next`: an item as it is shown to one reviewer. */
function itemCommand(world: World): Command {
  return withReviewer(
    readingCommand('item', {
      summary: 'show an item: what was asked and answered, and what was said of it where that leads nobody',
      examples: [
        ['review item experts 3 --as ada', 'as ada is shown it'],
        ['review item experts 3 --told', 'with all that was said of it, to decide'],
      ],
    })
      .argument(...QUEUE)
      .argument(...PLACE)
      .option('--told', 'also what is hidden from reviewers: reviews, variants, what the scorer said'),
    'whom it is shown to; default: you',
  ).action((name: string, place: number, options: ItemOptions, command: Command) =>
    runAction(world, command, (session) => item(session, name, place, options)),
  );
}

async function item(session: Session, name: string, place: number, options: ItemOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { showItem } = await import('../review/item.ts');
  const { reviewer } = reviewerOf(session, options);
  const { queue, shown } = await withStore(session, async ({ store }) => ({
    shown: await showItem(store, name, place, { reviewer, told: options.told ?? false }),
    queue: await store.reviews.get(name),
  }));
  if (terminal.json) terminal.printJson(shown);
  else showItemText(terminal, queue, shown);
  return EXIT.fine;
}

interface NextOptions extends AsOptions {
  readonly after?: number;
}

function nextCommand(world: World): Command {
  return withReviewer(
    readingCommand('next', {
      summary: `give a reviewer the next item; it is kept for them for ${REVIEW_LIMITS.claimMs / 60_000} minutes`,
      examples: [
        ['review next experts --as ada', 'what others have begun comes first'],
        ['review next experts --as ada --after 3', 'goes on behind item 3'],
      ],
    })
      .argument(...QUEUE)
      .option('--after <place>', 'go on behind this one', positiveInteger(REVIEW_LIMITS.items)),
  ).action((name: string, options: NextOptions, command: Command) =>
    runAction(world, command, (session) => next(session, name, options)),
  );
}

async function next(session: Session, name: string, options: NextOptions): Promise<ExitCode> {
  const { terminal } = session;
  const [{ nextItem }, redaction] = await Promise.all([import('../review/item.ts'), redactionOf(session)]);
  const { reviewer } = reviewerOf(session, options);
  const { after } = options;
  const { queue, found } = await withStore(session, async ({ store }) => ({
    found: await nextItem({ store, redaction }, { queue: name, reviewer, ...(after !== undefined && { after }) }),
    queue: await store.reviews.get(name),
  }));
  if (terminal.json) terminal.printJson(found);
  else if (found.item === null) terminal.print(nothingLeft(found.why, reviewer, found.progress));
  else {
    showItemText(terminal, queue, found.item);
    terminal.note(howToSay(queue, found.item, reviewer));
  }
  return EXIT.fine;
}

function nothingLeft(
  why: 'all_reviewed' | 'claimed_by_others' | 'closed',
  reviewer: string,
  { reviews, asked }: ReviewProgress,
): string {
  const standing = `${reviews} of ${asked} reviews are there`;
  if (why === 'closed') return `the queue is closed: ${standing}`;
  if (why === 'all_reviewed') return `nothing is left for ${reviewer}: ${standing}`;
  return `others are at all that is left for ${reviewer}: ${standing}; ask again later`;
}

function howToSay({ name, kind, fields }: ReviewQueue, { place }: ReviewItem, reviewer: string): string {
  const said =
    kind === 'pair'
      ? `--winner ${WINNERS.join('|')}`
      : fields.map((field) => `--set ${field.name}=${hintOf(describeField(field))}`).join(' ');
  return `say what you think: ${commandLine('review', 'label', name, `${place}`, '--as', reviewer)} ${said}`;
}

const hintOf = (described: string): string => `'${described}'`;

interface LabelOptions extends AsOptions, SaidOptions {
  readonly note?: string;
}

/** `sluice review label` and `pass`: what a reviewer says of an item. */
function labelCommand(world: World): Command {
  return withSaid(
    withReviewer(
      readingCommand('label', {
        summary: 'say what you think of an item; the second time, in place of the first',
        examples: [
          ['review label experts 3 --as ada --set correct=yes --set clarity=4', 'all fields of the queue'],
          ['review label pairs 3 --as ada --winner second --note "cites it"', 'of two answers'],
        ],
      })
        .argument(...QUEUE)
        .argument(...PLACE),
    ),
  )
    .option('--note <text>', 'why')
    .action((name: string, place: number, options: LabelOptions, command: Command) =>
      runAction(world, command, (session) => label(session, name, place, options)),
    );
}

async function label(session: Session, name: string, place: number, options: LabelOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { desk, redaction, at } = await atDesk(session, name, place, options);
  const { item, queue } = await withStore(session, async ({ store }) => ({
    item: await desk.giveReview({ store, redaction }, at, { ...saidBy(options), note: options.note }),
    queue: await store.reviews.get(name),
  }));
  if (terminal.json) terminal.printJson(item);
  else {
    const { mine, state, told } = item;
    terminal.print(`${name} ${place}: ${at.reviewer} says ${mine!.winner ?? valueText(queue, mine!)}; it is ${state}`);
    if (told !== null) for (const line of saidLines(queue, told)) terminal.print(`  ${line}`);
  }
  return EXIT.fine;
}

interface PassOptions extends AsOptions {
  readonly why: string;
}

function passCommand(world: World): Command {
  return withReviewer(
    readingCommand('pass', {
      summary: 'say that you cannot judge an item: you are not asked about it again',
      examples: [['review pass experts 3 --as ada --why "not my field"', 'others are asked in your place']],
    })
      .argument(...QUEUE)
      .argument(...PLACE),
  )
    .requiredOption('--why <text>', 'what keeps you from it')
    .action((name: string, place: number, options: PassOptions, command: Command) =>
      runAction(world, command, (session) => pass(session, name, place, options)),
    );
}

async function pass(session: Session, name: string, place: number, options: PassOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { desk, redaction, at } = await atDesk(session, name, place, options);
  await withStore(session, ({ store }) => desk.passItem({ store, redaction }, at, options.why));
  if (terminal.json) terminal.printJson({ queue: name, place, reviewer: at.reviewer, passed: true });
  else terminal.print(`${name} ${place}: ${at.reviewer} cannot judge it`);
  return EXIT.fine;
}

interface DecideOptions extends AsOptions, SaidOptions {
  readonly note: string;
}

/** `sluice review decide` and `close`: what whoever adjudicates does. */
function decideCommand(world: World): Command {
  return withSaid(
    withReviewer(
      readingCommand('decide', {
        summary: 'decide what holds of an item, in place of what reviewers say',
        examples: [
          ['review decide experts 3 --set correct=no --note "the date is wrong"', 'fields agreed on may be left out'],
          ['review decide pairs 3 --set win=1 --note "only it is right"', 'of two: 1 the variant, 0 the baseline'],
        ],
      })
        .argument(...QUEUE)
        .argument(...PLACE),
      'who decides; default: you',
    ),
  )
    .requiredOption('--note <text>', 'why')
    .action((name: string, place: number, options: DecideOptions, command: Command) =>
      runAction(world, command, (session) => decide(session, name, place, options)),
    );
}

async function decide(session: Session, name: string, place: number, options: DecideOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { desk, redaction, at } = await atDesk(session, name, place, options);
  const { item, queue } = await withStore(session, async ({ store }) => ({
    item: await desk.decideItem({ store, redaction }, at, { ...saidBy(options), note: options.note }),
    queue: await store.reviews.get(name),
  }));
  if (terminal.json) terminal.printJson(item);
  else {
    terminal.print(`${name} ${place}: ${item.state}`);
    for (const line of saidLines(queue, item.told!)) terminal.print(`  ${line}`);
  }
  return EXIT.fine;
}

function closeCommand(world: World): Command {
  return readingCommand('close', {
    summary: 'ask nobody any more; what was said stays',
    examples: [['review close experts --why "enough for the release"', 'what is disputed stays so']],
  })
    .argument(...QUEUE)
    .requiredOption('--why <text>', 'the reason, for the audit')
    .action((name: string, { why }: { readonly why: string }, command: Command) =>
      runAction(world, command, (session) => close(session, name, why)),
    );
}

async function close(session: Session, name: string, why: string): Promise<ExitCode> {
  const { terminal } = session;
  const [{ reportOnQueue }, redaction] = await Promise.all([import('../review/state.ts'), redactionOf(session)]);
  const who = userName(session.environment);
  const report = await withStore(session, async ({ store }) => {
    await store.reviews.close(name, who, redaction.text(why));
    return reportOnQueue(store, name, who);
  });
  if (terminal.json) terminal.printJson(report);
  else showReport(terminal, report, []);
  return EXIT.fine;
}
