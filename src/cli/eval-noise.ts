/** `sluice eval noise`: what an evaluation of the baseline against itself tells of the differences that can be seen. */
import type { Command } from 'commander';
import type { NoiseFloor } from '../evaluation/compare/noise-floor.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { latestEvaluation, resolveReference } from './eval-refs.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { wrap } from './text.ts';
import { withStore } from './with-servers.ts';

export function noiseCommand(world: World): Command {
  return readingCommand('noise', {
    summary: 'say how much differs by chance alone, after eval run --aa',
    examples: [
      ['eval noise retrieval', 'by its latest A/A'],
      ['eval noise eval-retrieval-1f2e3d4c', 'by this one'],
    ],
  })
    .argument('<evaluation>', 'an id or its beginning, or a definition’s name')
    .action((reference: string, _options: object, command: Command) =>
      runAction(world, command, (session) => tellNoise(session, reference)),
    );
}

async function tellNoise(session: Session, reference: string): Promise<ExitCode> {
  const { terminal } = session;
  const noise = await withStore(session, async ({ store }) => {
    const row = await findAa(store, reference);
    const [{ loadSheets }, { noiseFloor }] = await Promise.all([
      import('../evaluation/compare/load.ts'),
      import('../evaluation/compare/noise-floor.ts'),
    ]);
    const [sheet] = await loadSheets(store, [row.evaluationId]);
    return noiseFloor(sheet!);
  });
  if (terminal.json) terminal.printJson(noise);
  else {
    terminal.note(`by ${noise.evaluationId}`);
    showNoise(terminal, noise);
  }
  return EXIT.fine;
}

/** An A/A of that name, else what the reference means, whatever it is. */
async function findAa(store: Store, reference: string): Promise<EvaluationRow> {
  const ofName = await store.evaluations.list({ name: reference, limit: 1 });
  if (ofName.length === 0) return (await resolveReference(store, reference)).row;
  return latestEvaluation(store, reference, isAa).catch(() => ofName[0]!);
}

export const isAa = ({ spec }: Pick<EvaluationRow, 'spec'>): boolean => spec.mode === 'aa';

/** A paragraph per metric. */
export function showNoise(terminal: Terminal, { metrics }: NoiseFloor): void {
  for (const { sentences } of metrics) {
    const [first = '', ...others] = sentences;
    for (const line of wrap(first, terminal.width, '')) terminal.print(line);
    for (const sentence of others) for (const line of wrap(sentence, terminal.width)) terminal.print(line);
  }
}
