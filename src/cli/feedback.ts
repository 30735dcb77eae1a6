/** `sluice feedback`: what somebody says of a run's answer. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { shortId } from '../base/format.ts';
import type { Feedback } from '../model/feedback.ts';
import type { FeedbackRow } from '../store/feedback.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { anyNumber } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

interface FeedbackCommandOptions {
  readonly thumb?: 'up' | 'down';
  readonly score?: number;
  readonly note?: string;
  readonly emoji?: string;
  readonly field: Readonly<Record<string, string | number | boolean>>;
  readonly by?: string;
  readonly key?: string;
}

export function feedbackCommand(world: World): Command {
  return readingCommand('feedback', {
    summary: 'say what you think of the answer of a run; it counts for the experiments that the run was in',
    examples: [
      ['feedback run-7d2 --thumb down --note "the link is dead"', 'a thumb, and why'],
      ['feedback run-7d2 --score 4 --by expert-3', 'a number, and whose it is'],
      ['feedback run-7d2 --field reason=outdated', 'whatever else you ask people'],
    ],
  })
    .argument('<run>', 'a run id, or its beginning')
    .addOption(new Option('--thumb <thumb>', 'up or down').choices(['up', 'down']))
    .option('--score <number>', 'a number', anyNumber)
    .option('--note <text>', 'in words, up to 4,000 characters')
    .option('--emoji <emoji>', 'one that says it')
    .option('--field <name=value>', 'a field of your own; may be given several times', addField, {})
    .option('--by <who>', 'who says it')
    .option('--key <key>', 'idempotency key: the same key is the same feedback')
    .action((run: string, options: FeedbackCommandOptions, command: Command) =>
      runAction(world, command, (session) => giveFeedback(session, run, options)),
    );
}

function addField(text: string, fields: FeedbackCommandOptions['field']): FeedbackCommandOptions['field'] {
  const [name, ...rest] = text.split('=');
  const value = rest.join('=');
  if (!name || rest.length === 0)
    throw new SluiceError('usage', {
      message: `--field ${text}: there is no '='`,
      remedy: 'write name=value, such as reason=outdated',
    });
  return { ...fields, [name]: value };
}

async function giveFeedback(session: Session, given: string, options: FeedbackCommandOptions): Promise<ExitCode> {
  const { terminal, environment } = session;
  const { thumb, score, note, emoji, field, key } = options;
  const said: Feedback = {
    ...(thumb && { thumb }),
    ...(score !== undefined && { score }),
    ...(note !== undefined && { note }),
    ...(emoji !== undefined && { emoji }),
    ...(Object.keys(field).length > 0 && { fields: { ...field } }),
  };
  const by = options.by ?? environment.USER ?? environment.USERNAME;
  const { row, arms } = await withStore(session, async ({ store }) => {
    const { createFeedbackClient } = await import('../client/feedback-client.ts');
    const { runId, arms } = await store.runs.get(given);
    const options = { ...(by !== undefined && { by }), ...(key !== undefined && { key }) };
    return { row: await createFeedbackClient(store).feedback(runId, said, options), arms };
  });
  if (terminal.json) terminal.printJson({ feedback: row, arms });
  else for (const line of linesOf(row, arms)) terminal.print(line);
  return EXIT.fine;
}

function linesOf({ runId, feedbackId }: FeedbackRow, arms: { readonly [experiment: string]: string }): string[] {
  const names = Object.entries(arms).map(([experiment, arm]) => `${experiment} (${arm})`);
  return [
    `said of ${shortId(runId)}: ${feedbackId}`,
    `  ${names.length === 0 ? 'the run was in no experiment' : `counts for ${names.join(', ')}`}`,
    `  make an example of it: sluice dataset add <dataset> --from-run ${shortId(runId)}`,
  ];
}
