/** `sluice review start`: answers of an evaluation, drawn at random, become a queue that people work through. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { AnyScorer } from '../dsl/scorer.ts';
import { REVIEW_LIMITS } from '../model/review-queue.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findJudged } from './judge-scorers.ts';
import { positiveInteger, wholeNumber } from './options.ts';
import { redactionOf } from './redacting.ts';
import { QUEUE } from './review-options.ts';
import { showReport } from './review-show.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { userName } from './who.ts';
import { withStore } from './with-servers.ts';

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
