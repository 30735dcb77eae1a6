/** `sluice review show`: how far a queue has come, who has reviewed what, how far they agree, and what is disputed. */
import type { Command } from 'commander';
import { describeField, type ReviewReport } from '../model/review-queue.ts';
import type { ItemSaid } from '../store/reviews.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { saidLines } from './review-lines.ts';
import { type AsOptions, QUEUE, reviewerOf, withReviewer } from './review-options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { count, showTime, wrap } from './text.ts';
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
  const { reportOnQueue } = await import('../review/report.ts');
  const { reviewer } = reviewerOf(session, options);
  const { report, disputed } = await withStore(session, async ({ store }) => {
    const report = await reportOnQueue(store, name, reviewer);
    const places = new Set(report.items.filter(({ state }) => state === 'disputed').map(({ place }) => place));
    return { report, disputed: (await store.reviews.said(name)).filter(({ place }) => places.has(place)) };
  });
  if (terminal.json) terminal.printJson(report);
  else showReport(terminal, report, disputed);
  return EXIT.fine;
}

/** @param disputed what was said of the items that are */
export function showReport(terminal: Terminal, report: ReviewReport, disputed: readonly ItemSaid[]): void {
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

function showDisputed(terminal: Terminal, { queue }: ReviewReport, disputed: readonly ItemSaid[]): void {
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
