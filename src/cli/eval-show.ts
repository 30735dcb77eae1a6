/** `sluice eval show`: one example of an evaluation, as each variant answered it, and how each answer was scored. */
import type { Command } from 'commander';
import type { TracedRun } from '../evaluation/report/traces.ts';
import type { Example } from '../model/dataset.ts';
import type { ResultRow } from '../model/evaluation-result.ts';
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
  readonly passages?: boolean;
}

export interface ShownExample {
  readonly evaluation: EvaluationRow;
  readonly example: Example;
  /** By variant and repeat. */
  readonly rows: readonly ResultRow[];
}

export function showCommand(world: World): Command {
  return readingCommand('show', {
    summary: 'show one example: what each variant gave, its scores, its calls and passages',
    examples: [
      ['eval show retrieval cut-off-on-vercel', 'in the latest evaluation of this definition'],
      ['eval show retrieval-1f2e cut-off --variant hybrid', 'by the beginnings of both; one variant alone'],
      ['eval show retrieval cut-off --passages', 'with what each call found, and which of it the answer cites'],
    ],
  })
    .argument('<evaluation>', 'an id or its beginning, or a definition’s name')
    .argument('<example>', 'its id, or the beginning of it')
    .option('--variant <name>', 'only this one')
    .option('--passages', 'the passages that each call found, with scores, and which the answer cites')
    .action((reference: string, id: string, options: ShowOptions, command: Command) =>
      runAction(world, command, (session) => show(session, reference, id, options)),
    );
}

async function show(session: Session, reference: string, id: string, options: ShowOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { variant, passages = false } = options;
  const shown = await withStore(session, async ({ store }): Promise<TracedExample> => {
    const named = await resolveReference(store, reference);
    const evaluation = named.row;
    const only = variant === undefined ? named.variant : findVariant(evaluation, variant);
    const example = await findExample(store, evaluation, id);
    const rows = await store.evaluations.results(evaluation.evaluationId, [example.id]);
    const own = rows.filter((row) => only === undefined || row.variant === only);
    return { evaluation, example, rows: own, traces: await tracesOf(store, evaluation, own) };
  });
  const { evaluation, example, rows, traces } = shown;
  if (terminal.json) {
    const nameOf = (row: ResultRow) => evaluation.spec.variants[row.variant]!.name;
    terminal.printJson({
      evaluationId: evaluation.evaluationId,
      example,
      runs: rows.map((row, place) => ({ ...row, variant: nameOf(row), calls: traces[place]!.calls })),
    });
  } else showExample(terminal, shown, { traces, passages });
  return EXIT.fine;
}

interface TracedExample extends ShownExample {
  /** Of each row. */
  readonly traces: readonly TracedRun[];
}

async function tracesOf(
  { memo }: Store,
  { evaluationId, spec }: EvaluationRow,
  rows: readonly ResultRow[],
): Promise<readonly TracedRun[]> {
  const { readTraces } = await import('../evaluation/report/traces.ts');
  const sides = spec.variants.map((_, variant) => ({ evaluationId, variant }));
  return readTraces({ sides, rowsOf: () => Promise.resolve(rows), memo }, rows[0]?.exampleId ?? '');
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
