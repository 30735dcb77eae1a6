/** `sluice judge show`: how far the scorers of an evaluation say what people say, and which of them may decide. */
import type { Command } from 'commander';
import type { JudgeReport } from '../evaluation/calibration/judge-report.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { showJudge } from './judge-lines.ts';
import { findJudged, findScorer } from './judge-scorers.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

export function showCommand(world: World): Command {
  return readingCommand('show', {
    summary: 'show how far scorers agree with people, and which judges may decide',
    examples: [
      ['judge show before-release', 'its judges, and other scorers that have labels'],
      ['judge show before-release --scorer judged --json', 'one of them, with every number'],
    ],
  })
    .argument('<evaluation>', 'its id, the beginning of it, or the name of its definition')
    .option('--scorer <id>', 'only this one')
    .action((evaluation: string, { scorer }: { readonly scorer?: string }, command: Command) =>
      runAction(world, command, (session) => showJudges(session, evaluation, scorer)),
    );
}

async function showJudges(session: Session, reference: string, scorer: string | undefined): Promise<ExitCode> {
  const { terminal } = session;
  const { evaluation, reports } = await withStore(session, async ({ store }) => {
    const evaluation = await findJudged(store, reference);
    return { evaluation, reports: await reportsOn(store, evaluation, scorer) };
  });
  const { evaluationId } = evaluation;
  if (terminal.json) terminal.printJson({ evaluationId, scorers: reports });
  else if (reports.length === 0) {
    terminal.print(`${evaluationId} has no judge, and nobody has labelled what its scorers score`);
    terminal.note(`label it all the same: sluice judge export ${evaluationId} --scorer ID --out labels.csv`);
  } else
    for (const [place, report] of reports.entries()) {
      if (place > 0) terminal.print();
      showJudge(terminal, report);
    }
  return EXIT.fine;
}

/** Of the one that was asked for; else of judges, of human scorers, and of what has labels. */
async function reportsOn(
  store: Pick<Store, 'evaluations' | 'datasets'>,
  evaluation: EvaluationRow,
  asked: string | undefined,
): Promise<readonly JudgeReport[]> {
  const [{ isJudge }, { loadJudged }, { loadElsewhere, loadRatings }, { reportOnJudge }] = await Promise.all([
    import('../model/evaluation-spec.ts'),
    import('../evaluation/calibration/load.ts'),
    import('../evaluation/calibration/load-labels.ts'),
    import('../evaluation/calibration/report-on-judge.ts'),
  ]);
  const among = asked === undefined ? evaluation.spec.scorers : [findScorer(evaluation, asked)];
  const ratings = await loadRatings(store, { ...evaluation.spec, scorers: among });
  const shown = among.filter(
    (scorer) => asked !== undefined || scorer.kind === 'human' || isJudge(scorer) || ratings.has(scorer.id),
  );
  if (shown.length === 0) return [];
  const { labelled, populations } = await loadJudged(store, evaluation, ratings);
  const reports: JudgeReport[] = [];
  for (const { id: scorer } of shown) {
    const [elsewhere, unattributed] = await Promise.all([
      loadElsewhere(store, labelled, scorer),
      store.evaluations.unattributedLabels(scorer),
    ]);
    reports.push(reportOnJudge({ scorer, labelled, population: populations.get(scorer)!, elsewhere, unattributed }));
  }
  return reports;
}
