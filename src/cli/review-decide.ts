/** `sluice review decide` and `close`: what whoever adjudicates does. */
import type { Command } from 'commander';
import { readingCommand, runAction, type World } from './command.ts';
import { redactionOf } from './redacting.ts';
import { saidLines } from './review-lines.ts';
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
import { showReport } from './review-show.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { userName } from './who.ts';
import { withStore } from './with-servers.ts';

interface DecideOptions extends AsOptions, SaidOptions {
  readonly note: string;
}

export function decideCommand(world: World): Command {
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

export function closeCommand(world: World): Command {
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
