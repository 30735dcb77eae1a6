/** `sluice eval show`: one example of an evaluation, as each variant answered it, and how each answer was scored. */
import type { Command } from 'commander';
import type { Example } from '../evaluation/dataset.ts';
import type { ResultRow } from '../evaluation/result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { showExample } from './eval-example.ts';
import { findVariant, resolveReference } from './eval-refs.ts';
import { findNamed } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

interface ShowOptions {
  readonly variant?: string;
}

export interface ShownExample {
  readonly evaluation: EvaluationRow;
  readonly example: Example;
  /** By variant and repeat. */
  readonly rows: readonly ResultRow[];
}

export function showCommand(world: World): Command {
  return readingCommand('show', {
    summary: 'show one example: what each variant gave, its scores, its calls',
    examples: [
      ['eval show retrieval cut-off-on-vercel', 'in the latest evaluation of this definition'],
      ['eval show retrieval-1f2e cut-off --variant hybrid', 'by the beginnings of both; one variant alone'],
    ],
  })
    .argument('<evaluation>', 'an id or its beginning, or a definition’s name')
    .argument('<example>', 'its id, or the beginning of it')
    .option('--variant <name>', 'only this one')
    .action((reference: string, id: string, options: ShowOptions, command: Command) =>
      runAction(world, command, (session) => show(session, reference, id, options)),
    );
}

async function show(session: Session, reference: string, id: string, { variant }: ShowOptions): Promise<ExitCode> {
  const { terminal } = session;
  const shown = await withStore(session, async ({ store }): Promise<ShownExample> => {
    const named = await resolveReference(store, reference);
    const evaluation = named.row;
    const only = variant === undefined ? named.variant : findVariant(evaluation, variant);
    const example = await findExample(store, evaluation, id);
    const rows = await store.evaluations.results(evaluation.evaluationId, [example.id]);
    return { evaluation, example, rows: rows.filter((row) => only === undefined || row.variant === only) };
  });
  const { evaluation, example, rows } = shown;
  if (terminal.json) {
    const nameOf = (row: ResultRow) => evaluation.spec.variants[row.variant]!.name;
    terminal.printJson({
      evaluationId: evaluation.evaluationId,
      example,
      runs: rows.map((row) => ({ ...row, variant: nameOf(row) })),
    });
  } else showExample(terminal, shown);
  return EXIT.fine;
}

/** @throws SluiceError `example_unknown` with the nearest, `example_ambiguous` */
async function findExample(store: Store, { spec }: EvaluationRow, id: string): Promise<Example> {
  const { version } = spec.dataset;
  const [exact] = await store.datasets.examples(version, { id });
  if (exact !== undefined) return exact;
  const { examplesOfPart } = await import('../evaluation/compare/load.ts');
  return findNamed({
    kind: 'example',
    name: id,
    among: await Array.fromAsync(examplesOfPart(store, spec.dataset)),
    nameOf: (example) => example.id,
    whenNone: 'the evaluation has no examples',
  });
}
