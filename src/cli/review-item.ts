/** `sluice review item` and `next`: an item as it is shown to one reviewer. */
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
import { readingCommand, runAction, type World } from './command.ts';
import { positiveInteger } from './options.ts';
import { redactionOf } from './redacting.ts';
import { showItemText } from './review-lines.ts';
import { type AsOptions, PLACE, QUEUE, reviewerOf, withReviewer } from './review-options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

interface ItemOptions extends AsOptions {
  readonly told?: boolean;
}

export function itemCommand(world: World): Command {
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

export function nextCommand(world: World): Command {
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
  const [{ nextItem }, redaction] = await Promise.all([import('../review/desk.ts'), redactionOf(session)]);
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
