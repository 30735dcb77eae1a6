/** `sluice eval show`: one example of an evaluation, as each variant answered it, and how each answer was scored. */
import type { Command } from 'commander';
import { showDuration, showMoney, showWhole } from '../base/format.ts';
import { questionOf, remarkText } from '../evaluation/report/outputs.ts';
import type { TracedCall, TracedRun } from '../evaluation/report/traces.ts';
import { showValue } from '../evaluation/report/values.ts';
import type { Example, JsonObject } from '../model/dataset.ts';
import type { Cell, ResultRow } from '../model/evaluation-result.ts';
import type { EvaluationSpec } from '../model/evaluation-spec.ts';
import type { Passage } from '../plan/passage-lists.ts';
import type { Json } from '../plan/plan.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findVariant, resolveReference } from './eval-refs.ts';
import { findNamed } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { answerLines } from './show-run.ts';
import { beside, type Column, tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

interface ShowOptions {
  readonly variant?: string;
  readonly passages?: boolean;
}

interface ShownExample {
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

/** Passages, and relevant ids, that are listed. */
const LISTED = 10;

interface ExampleView {
  /** What the runs did; default: it is not told. */
  readonly traces?: readonly TracedRun[];
  /** Whether the passages are told that each call found. */
  readonly passages?: boolean;
}

/** One example on the terminal: what was asked, what each variant gave, then scores, what scorers say, and calls. */
export function showExample(
  terminal: Terminal,
  { evaluation, example, rows }: ShownExample,
  { traces, passages = false }: ExampleView = {},
): void {
  const { spec, evaluationId } = evaluation;
  const { colours, width } = terminal;
  terminal.print(`${example.id}  in ${evaluationId}`);
  for (const line of wrap(`? ${questionOf(example.input)}`, width, '')) terminal.print(colours.bold(line));
  for (const line of expectedLines(example)) for (const part of wrap(line, width)) terminal.print(part);
  terminal.print();
  if (rows.length === 0) {
    terminal.print('nothing was run of it yet');
    return;
  }
  const nameOf = namer(spec);
  const blocks = rows.map((row) => ({ heading: nameOf(row), lines: outcomeLines(row, example) }));
  for (const line of beside(blocks, Number.isFinite(terminal.room) ? terminal.room : width)) terminal.print(line);
  terminal.print();
  for (const line of scoreTable(spec, rows, nameOf, terminal.room)) terminal.print(line);
  for (const line of remarkLines(rows, nameOf)) for (const part of wrap(line, width)) terminal.print(part);
  terminal.print();
  if (traces === undefined) return;
  const named = traces.map((run) => ({ run, name: nameOf({ variant: run.side, repeat: run.repeat }) }));
  for (const line of callTable(named, terminal.room)) terminal.print(line);
  if (passages) for (const line of passageLines(named, terminal.room)) terminal.print(line);
}

type NameOf = (row: Pick<ResultRow, 'variant' | 'repeat'>) => string;

const namer =
  ({ variants, repeats, mode }: EvaluationSpec): NameOf =>
  ({ variant, repeat }) =>
    [
      mode === 'aa' && variant > 0 ? `${variants[0]!.name} again` : variants[variant]!.name,
      ...(repeats > 1 ? [`repeat ${repeat}`] : []),
    ].join(', ');

function expectedLines({ expected, relevant }: Example): readonly string[] {
  const ids = Object.entries(relevant ?? {}).sort(([, one], [, other]) => other - one);
  const more = ids.length - LISTED;
  const listed = ids.slice(0, LISTED).map(([id, grade]) => `${id} (${grade})`);
  return [
    ...(expected === undefined
      ? []
      : [`expected: ${textIn(expected, ['answer', 'text']) ?? JSON.stringify(expected)}`]),
    ...(ids.length === 0 ? [] : [`relevant: ${listed.join(', ')}${more > 0 ? `, and ${more} more` : ''}`]),
  ];
}

const textIn = (object: JsonObject, fields: readonly string[]): string | undefined =>
  fields.map((field) => object[field]).find((value): value is string => typeof value === 'string');

/** What a run gave, or why it gave nothing. */
function outcomeLines({ outcome, error, output }: ResultRow, example: Example): readonly string[] {
  const failure = error === null ? [] : [`${outcome} at ${error.node}: ${error.code}`, ...error.message.split('\n')];
  if (output === null) return failure.length > 0 ? failure : [`${outcome}: no output`];
  const passages = passagesIn(output);
  if (passages === undefined)
    return [...failure, ...answerLines(output, Number.POSITIVE_INFINITY).map((line) => line.trim())];
  const more = passages.length - LISTED;
  const listed = passages.slice(0, LISTED).map((id, place) => `${place + 1}. ${id}${gradeMark(id, example)}`);
  return [...failure, ...(listed.length === 0 ? ['no passages'] : listed), ...(more > 0 ? [`… ${more} more`] : [])];
}

/** The ids of an output that is passages, and no text. */
function passagesIn(output: Json): readonly string[] | undefined {
  const { passages, text } = (output ?? {}) as { readonly passages?: Json; readonly text?: Json };
  if (!Array.isArray(passages) || typeof text === 'string') return undefined;
  const ids = (passages as readonly { readonly id?: Json }[]).map((passage) => passage?.id);
  return ids.every((id) => typeof id === 'string') ? ids : undefined;
}

/** ` ✔3` of what is graded 3: by passage, or by the document it is from. */
function gradeMark(id: string, { relevant = {} }: Example): string {
  const grade = relevant[id] ?? relevant[id.replace(/#\d+$/, '')] ?? 0;
  return grade > 0 ? ` ✔${grade}` : '';
}

interface ScoreRow {
  readonly name: string;
  readonly shownOf: (row: ResultRow) => string | null;
}

/** A line per score and fact of the run, a column per variant. */
function scoreTable(spec: EvaluationSpec, rows: readonly ResultRow[], nameOf: NameOf, room: number): string[] {
  const scores = spec.scorers.flatMap(({ id, fields }) =>
    Object.entries(fields).map(([field, { format }]): ScoreRow => {
      return { name: `${id}.${field}`, shownOf: ({ cells }) => scoreIn(cells[id], field, format) };
    }),
  );
  const facts: readonly ScoreRow[] = [
    { name: 'latency', shownOf: ({ run }) => (run.latencyMs === null ? null : showDuration(run.latencyMs)) },
    { name: 'cost', shownOf: ({ run }) => (run.costUsd === null ? null : showMoney(run.costUsd)) },
  ];
  const columns: readonly Column<ScoreRow>[] = [
    { heading: 'score', cell: ({ name }) => name },
    ...rows.map((row): Column<ScoreRow> => {
      return { heading: nameOf(row), cell: ({ shownOf }) => shownOf(row), align: 'right', isFlexible: true };
    }),
  ];
  return tableLines([...scores, ...facts], columns, room);
}

function scoreIn(cell: Cell | undefined, field: string, format: 'number' | 'share' | 'ms' | 'usd'): string | null {
  if (cell?.state === 'failed') return 'worst';
  const value = cell?.state === 'done' ? cell.score[field] : undefined;
  return value === undefined ? null : showValue(value, format);
}

/** What scorers say besides scores, and why there is none; what all variants have alike is said once. */
function remarkLines(rows: readonly ResultRow[], nameOf: NameOf): readonly string[] {
  const remarks = rows.flatMap((row) =>
    Object.entries(row.cells).flatMap(([scorer, cell]) => {
      const text = remarkOf(cell);
      return text === '' ? [] : [{ name: nameOf(row), text: `${scorer}: ${text}` }];
    }),
  );
  return [...Map.groupBy(remarks, ({ text }) => text)].map(([text, alike]) =>
    alike.length === rows.length && rows.length > 1 ? text : `${alike.map(({ name }) => name).join(', ')} · ${text}`,
  );
}

function remarkOf(cell: Cell): string {
  switch (cell.state) {
    case 'failed':
      return `counts as the worst: ${cell.reason}`;
    case 'missing':
      return `no score: ${cell.reason}`;
    case 'done':
      return cell.detail === undefined ? '' : remarkText(cell.detail as JsonObject).replace(/\s*\n\s*/g, ' · ');
  }
}

interface NamedRun {
  /** Of its variant. */
  readonly name: string;
  readonly run: TracedRun;
}

interface CallRow {
  readonly variant: string;
  readonly call: TracedCall;
}

/** Times, tokens and money are those of when the call was made, whoever made it. */
function callTable(runs: readonly NamedRun[], room: number): string[] {
  const calls = runs.flatMap(({ name, run }) =>
    run.calls.map((call, place): CallRow => ({ variant: place === 0 ? name : ' ', call })),
  );
  if (calls.length === 0) return ['no calls'];
  const lines = tableLines(
    calls,
    [
      { heading: 'calls of', cell: ({ variant }) => variant },
      { heading: 'call', cell: ({ call }) => (call.call === 'step' ? call.key : `${call.key} ${call.call}`) },
      { heading: 'step', cell: ({ call }) => call.step },
      { heading: 'took', cell: ({ call }) => showDuration(call.durationMs), align: 'right' },
      { heading: 'tokens', cell: ({ call }) => tokensOf(call), align: 'right' },
      { heading: 'cost', cell: ({ call }) => costOf(call), align: 'right' },
      { heading: 'attempts', cell: ({ call }) => call.attempts, align: 'right' },
      { heading: '', cell: ({ call }) => (call.source === 'made' ? 'made' : 'shared') },
      { heading: '', cell: ({ call }) => (call.outcome === 'failed' ? 'failed' : ' ') },
    ],
    room,
  );
  const leftOut = runs.reduce((sum, { run }) => sum + run.callsLeftOut, 0);
  return [...lines, ...(leftOut > 0 ? [`${leftOut} more calls`] : [])];
}

/** Null where no provider was called, or nobody knows. */
const tokensOf = ({ spent }: TracedCall): string | null =>
  spent === null || spent.paidCalls === 0 ? null : showWhole(spent.inputTokens + spent.outputTokens);

function costOf({ spent }: TracedCall): string | null {
  if (spent === null || spent.paidCalls === 0 || spent.costUsd === null) return null;
  return `${spent.unknownCalls > 0 ? '≥ ' : ''}${showMoney(spent.costUsd)}`;
}

interface PassageRow {
  readonly place: number;
  readonly passage: Passage;
  readonly mark: string | null;
}

/** A table of each list that a call gave; what the answer cites is marked. */
function passageLines(runs: readonly NamedRun[], room: number): string[] {
  const lists = runs.flatMap(({ name, run }) =>
    run.calls.flatMap(({ key, lists: own }) => own.map((list) => ({ heading: `${name}, ${key}`, list, run }))),
  );
  if (lists.length === 0) return ['', 'no passages are kept of these calls'];
  return lists.flatMap(({ heading, list, run }) => {
    const cited = run.cited === null ? null : new Map(run.cited.map(({ id, mark }) => [id, mark]));
    const rows = list.passages.map(
      (passage, place): PassageRow => ({ place: place + 1, passage, mark: markOf(cited, passage.id) }),
    );
    return [
      '',
      `${heading}: ${list.field}`,
      ...tableLines<PassageRow>(
        rows,
        [
          { heading: '', cell: ({ place }) => place, align: 'right' },
          { heading: 'score', cell: ({ passage }) => passage.score?.toFixed(4) ?? null, align: 'right' },
          { heading: 'cited', cell: ({ mark }) => mark ?? ' ' },
          { heading: 'passage', cell: ({ passage }) => passage.id },
          { heading: 'of', cell: ({ passage }) => placeOf(passage), isFlexible: true },
        ],
        room,
      ),
    ];
  });
}

const markOf = (cited: ReadonlyMap<string, string> | null, id: string): string | null =>
  cited?.has(id) ? cited.get(id) || 'yes' : null;

const placeOf = ({ title, heading }: Passage): string =>
  [title, ...heading].filter((part) => part !== null && part !== '').join(' › ') || ' ';
