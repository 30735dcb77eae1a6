/** `sluice eval plan`: what an evaluation will do, cost and be able to see, before it is run. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showMoney } from '../base/format.ts';
import type { DetectableEffect, NoiseFloor } from '../evaluation/compare/noise-floor.ts';
import type { MetricSpec } from '../model/evaluation-spec.ts';
import { formatDifference } from '../stats/format-value.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { hasEnded, likeliest, resolveReference } from './eval-refs.ts';
import {
  type EvaluationRequest,
  findDefinition,
  type RequestOptions,
  requestLine,
  requestOf,
  withRequestOptions,
} from './eval-request.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

/** Former evaluations that are looked through. */
const LOOKED_THROUGH = 50;

export function planCommand(world: World): Command {
  return withRequestOptions(
    readingCommand('plan', {
      summary: 'say what an evaluation would do, cost, and be able to see',
      examples: [
        ['eval plan before-release', 'as it is defined'],
        ['eval plan answers --variants deep --split all', 'as it would be with these'],
      ],
    }),
  ).action((name: string, options: RequestOptions, command: Command) =>
    runAction(world, command, (session) => plan(session, name, options)),
  );
}

interface Plan {
  readonly request: EvaluationRequest;
  readonly calls: { readonly all: number; readonly paid: number };
  /** What runs of a former evaluation would have cost by themselves; null where none tells. */
  readonly price: { readonly perRunUsd: number; readonly evaluationId: string } | null;
  /** By a former evaluation of this name, an A/A only where there is no other; null where there is none. */
  readonly foresight: {
    readonly evaluationId: string;
    readonly isAa: boolean;
    readonly metrics: readonly DetectableEffect[];
  } | null;
}

async function plan(session: Session, name: string, options: RequestOptions): Promise<ExitCode> {
  const { services, terminal } = session;
  const definition = findDefinition(await services.evaluations(), name);
  const made = await withStore(session, async ({ store }): Promise<Plan> => {
    const request = await requestOf(session, store, definition, options);
    const former = (await store.evaluations.list({ name: definition.id, limit: LOOKED_THROUGH })).filter(hasEnded);
    return {
      request,
      calls: await callsOf(request),
      price: await priceOf(store, former),
      foresight: await foresightOf(store, request, former),
    };
  });
  if (terminal.json) printPlan(terminal, made);
  else {
    showPlan(terminal, made);
    terminal.print(`  run it: ${runCommandFor(definition.id, options)}`);
  }
  return EXIT.fine;
}

async function callsOf({ spec, plans }: EvaluationRequest): Promise<Plan['calls']> {
  const [{ callsAtMost }, { isPaid }] = await Promise.all([
    import('../evaluation/spec-of.ts'),
    import('../models/plan-keys.ts'),
  ]);
  return { all: callsAtMost(spec, plans, () => true), paid: callsAtMost(spec, plans, isPaid) };
}

async function priceOf({ evaluations }: Store, former: readonly EvaluationRow[]): Promise<Plan['price']> {
  for (const { evaluationId } of former) {
    const { paidUsd, savedUsd, unknownCalls, done } = await evaluations.progress(evaluationId);
    if (paidUsd === null || unknownCalls > 0 || done === 0) continue;
    return { perRunUsd: (paidUsd + (savedUsd ?? 0)) / done, evaluationId };
  }
  return null;
}

async function foresightOf(
  store: Store,
  { spec }: EvaluationRequest,
  former: readonly EvaluationRow[],
): Promise<Plan['foresight']> {
  const row = likeliest(former);
  if (row === undefined) return null;
  const [{ loadScoreMatrices }, { detectableEffects }] = await Promise.all([
    import('../evaluation/compare/load.ts'),
    import('../evaluation/compare/noise-floor.ts'),
  ]);
  const [matrix] = await loadScoreMatrices(store, [row.evaluationId]);
  const metrics = detectableEffects(matrix!, spec.metrics, spec.dataset.examples);
  return { evaluationId: row.evaluationId, isAa: isAa(row), metrics };
}

function printPlan(terminal: Terminal, { request: { spec }, calls, price, foresight }: Plan): void {
  terminal.printJson({
    spec,
    calls,
    price,
    foresight: foresight && {
      ...foresight,
      metrics: foresight.metrics.map(({ metric, ...seen }) => ({ metric: metric.name, ...seen })),
    },
  });
}

function showPlan(terminal: Terminal, made: Plan): void {
  const { request, foresight } = made;
  const { id, budgetUsd } = request.definition;
  for (const line of wrap(requestLine(request), terminal.width, '')) terminal.print(line);
  for (const line of [...costLines(made), ...(budgetUsd === null ? [] : [`stops at ${showMoney(budgetUsd)}`])])
    for (const part of wrap(line, terminal.width)) terminal.print(part);
  terminal.print();
  if (foresight === null) {
    terminal.print('What difference it could see is not known before something was run:');
    terminal.print(`  sluice eval run ${id} --aa --limit 50`);
  } else for (const line of foresightLines(request, foresight, terminal.room)) terminal.print(line);
}

/** What was planned, as a command. */
function runCommandFor(id: string, options: RequestOptions): string {
  const { variants, split, tag, limit, repeats, aa, dataset } = options;
  const given = Object.entries({ variants, split, tag, limit, repeats, dataset }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${value}`],
  );
  return ['sluice eval run', id, ...given, ...(aa ? ['--aa'] : [])].join(' ');
}

function costLines({ request, calls, price }: Plan): readonly string[] {
  const { dataset, variants, repeats } = request.spec;
  const runs = dataset.examples * variants.length * repeats;
  const all = `at most ${count(calls.all, 'call')}, fewer where results are equal`;
  if (calls.paid === 0) return [`${all}; none asks a paid model: $0`];
  const paid = `${all}; at most ${count(calls.paid, 'call')} of paid models`;
  if (price === null) return [paid, 'what they cost is not known before something was run'];
  const cost = showMoney(price.perRunUsd * runs);
  return [paid, `about ${cost} at most, at ${showMoney(price.perRunUsd)} a run as in ${price.evaluationId}`];
}

function foresightLines(
  { spec }: EvaluationRequest,
  { evaluationId, isAa: isNoise, metrics }: NonNullable<Plan['foresight']>,
  room: number,
): string[] {
  const declared = metrics.filter(({ metric }) => metric.role !== 'secondary');
  const basis = isNoise
    ? `if variants' scores correlate by 0.5, by the baseline in ${evaluationId}`
    : `by how the variants of ${evaluationId} differed`;
  return [
    ...tableLines<DetectableEffect>(
      declared,
      [
        { heading: 'metric', cell: ({ metric }) => metric.name },
        { heading: 'role', cell: ({ metric }) => metric.role },
        { heading: `${count(spec.dataset.examples, 'example')} see`, cell: seenBy, align: 'right' },
        { heading: 'wanted', cell: wantedOf, align: 'right' },
        { heading: 'takes examples', cell: ({ nNeeded }) => nNeeded, align: 'right' },
      ],
      room,
    ),
    `in 80% of evaluations, ${basis}`,
  ];
}

const seenBy = ({ mde, metric }: DetectableEffect): string | null =>
  mde === null ? null : mde === 0 ? 'any' : `±${formatDifference(mde, metric.format)}`;

const wantedOf = ({ declared, metric }: DetectableEffect): string | null =>
  declared === null ? null : `±${formatDifference(declared, metric.format)}`;

/** `sluice eval noise`: what an evaluation of the baseline against itself tells of the differences that can be seen. */
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

const isAa = ({ spec }: Pick<EvaluationRow, 'spec'>): boolean => spec.mode === 'aa';

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
