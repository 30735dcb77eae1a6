/** `sluice review list`: review queues, and how far each has come. */
import type { Command } from 'commander';
import { REVIEW_LIMITS } from '../model/review-queue.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { showTime } from './text.ts';
import { withStore } from './with-servers.ts';

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
