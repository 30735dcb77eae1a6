/** `sluice eval noise`: what an evaluation of the baseline against itself tells of the differences that can be seen. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { NoiseFloor } from '../evaluation/compare/noise-floor.ts';
import type { MetricSpec } from '../model/evaluation-spec.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { hasEnded, resolveReference } from './eval-refs.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { wrap } from './text.ts';
import { withStore } from './with-servers.ts';

/** Of a name, for an A/A among them. */
const LOOKED_THROUGH = 50;

export function noiseCommand(world: World): Command {
  return readingCommand('noise', {
    summary: 'say how much differs by chance alone, after eval run --aa',
    examples: [
      ['eval noise retrieval', 'by its latest A/A'],
      ['eval noise eval-retrieval-1f2e3d4c', 'by this one'],
    ],
  })
    .argument('<evaluation>', 'an id or its beginning, or a definition’s name')
    .option('--all', 'also the metrics that decide nothing')
    .action((reference: string, { all = false }: { readonly all?: boolean }, command: Command) =>
      runAction(world, command, (session) => tellNoise(session, reference, all)),
    );
}

async function tellNoise(session: Session, reference: string, all: boolean): Promise<ExitCode> {
  const { terminal } = session;
  const { noise, row } = await withStore(session, async ({ store }) => {
    const row = await findAa(store, reference);
    const [{ loadScoreMatrices }, { noiseFloor }] = await Promise.all([
      import('../evaluation/compare/load.ts'),
      import('../evaluation/compare/noise-floor.ts'),
    ]);
    const [matrix] = await loadScoreMatrices(store, [row.evaluationId]);
    return { noise: noiseFloor(matrix!), row };
  });
  if (terminal.json) terminal.printJson(noise);
  else {
    terminal.note(`by ${noise.evaluationId}`);
    showNoise(terminal, noise, all ? [] : row.spec.metrics);
  }
  return EXIT.fine;
}

/** The latest A/A of that name, or whatever else the reference means. @throws SluiceError `evaluation_unknown` */
async function findAa(store: Store, reference: string): Promise<EvaluationRow> {
  const ofName = await store.evaluations.list({ name: reference, limit: LOOKED_THROUGH });
  if (ofName.length === 0) return (await resolveReference(store, reference)).row;
  const row = ofName.find((each) => isAa(each) && hasEnded(each));
  if (row !== undefined) return row;
  throw new SluiceError('evaluation_unknown', {
    message: `'${reference}' was not evaluated against itself yet`,
    remedy: `do that: sluice eval run ${reference} --aa --limit 50`,
  });
}

export const isAa = ({ spec }: Pick<EvaluationRow, 'spec'>): boolean => spec.mode === 'aa';

/** A paragraph per metric; of those given only what decides, where anything does. */
export function showNoise(terminal: Terminal, { metrics }: NoiseFloor, specs: readonly MetricSpec[]): void {
  const deciding = new Set(specs.filter(({ role }) => role !== 'secondary').map(({ name }) => name));
  for (const { metric, sentences } of metrics) {
    if (deciding.size > 0 && !deciding.has(metric)) continue;
    const [first = '', ...others] = sentences;
    for (const line of wrap(first, terminal.width, '')) terminal.print(line);
    for (const sentence of others) for (const line of wrap(sentence, terminal.width)) terminal.print(line);
  }
}
