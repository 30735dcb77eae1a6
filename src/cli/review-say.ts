/** `sluice review label` and `pass`: what a reviewer says of an item. */
import type { Command } from 'commander';
import { readingCommand, runAction, type World } from './command.ts';
import { saidLines, valueText } from './review-lines.ts';
import {
  type AsOptions,
  atDesk,
  PLACE,
  QUEUE,
  type SaidOptions,
  saidBy,
  withReviewer,
  withSaid,
} from './review-options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

interface LabelOptions extends AsOptions, SaidOptions {
  readonly note?: string;
}

export function labelCommand(world: World): Command {
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

export function passCommand(world: World): Command {
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
