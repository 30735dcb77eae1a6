/** `sluice plan`: a pipeline's plan as a list, as a picture, and against another. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showDuration } from '../base/format.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import { diffPlans, showDiff, showOverride } from '../plan/diff.ts';
import { type DrawOptions, drawPlan } from '../plan/draw.ts';
import { shortId } from '../plan/id.ts';
import { bodiesOf, showWiring } from '../plan/nodes.ts';
import type { PlanNode } from '../plan/plan.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { findPlan } from './plan-source.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { type Column, tableLines } from './table.ts';
import { wrap } from './text.ts';

const OUTPUT = 'output  ';
const SOURCE = 'a pipeline, pipeline:variant, plan id, or file of plan JSON';

export function planCommand(world: World): Command {
  const show = readingCommand('show', {
    summary: "show a plan's nodes, what they read and how they are tried",
    examples: [
      ['plan show docs-bot', 'the nodes, in order'],
      ['plan show docs-bot --json > plan.json', 'the plan itself'],
    ],
  })
    .argument('<plan>', SOURCE)
    .action((source: string, _options: object, command: Command) =>
      runAction(world, command, (session) => showPlan(session, source)),
    );
  const draw = readingCommand('draw', {
    summary: 'draw a plan as a Mermaid flowchart',
    examples: [
      ['plan draw docs-bot', 'text for a Mermaid block in Markdown'],
      ['plan draw docs-bot --direction LR > graph.mmd', 'from left to right'],
    ],
  })
    .argument('<plan>', SOURCE)
    .addOption(new Option('--direction <direction>', 'top-down or left to right').choices(['TD', 'LR']).default('TD'))
    .action((source: string, options: DrawOptions, command: Command) =>
      runAction(world, command, (session) => draws(session, source, options)),
    );
  const diff = readingCommand('diff', {
    summary: 'show what differs between two plans, node by node',
    examples: [
      ['plan diff docs-bot docs-bot:hyde', 'a variant against its baseline'],
      ['plan diff old.json docs-bot', 'what was against what is'],
    ],
  })
    .argument('<from>', SOURCE)
    .argument('<to>', SOURCE)
    .action((from: string, to: string, _options: object, command: Command) =>
      runAction(world, command, (session) => diffs(session, from, to)),
    );
  return groupCommand('plan', 'show, draw and compare plans', [show, draw, diff]);
}

async function showPlan(session: Session, source: string): Promise<ExitCode> {
  const { terminal } = session;
  const { name, planId, plan, overrides } = await findPlan(session, source);
  if (terminal.json) {
    terminal.printJson(plan);
    return EXIT.fine;
  }
  const rows = [...rowsOf(plan.nodes, '')];
  const effects = await effectsHere(session);
  terminal.print(`${name}  plan ${shortId(planId)}  ${count(rows.length, 'node')}`);
  terminal.print();
  const columns: readonly Column<PlanRow>[] = [
    { heading: 'node', cell: ({ indent, node }) => `${indent}${node.id}` },
    { heading: 'is', cell: ({ node }) => (node.kind === 'step' ? node.call.step : node.kind) },
    { heading: 'reads', cell: ({ node }) => readsOf(node), isFlexible: true },
    { heading: 'tried', cell: ({ node }) => triedOf(node) },
    { heading: 'effect', cell: ({ node }) => effectOf(node, effects) },
    { heading: 'else', cell: ({ node }) => elseOf(node), isFlexible: true },
  ];
  for (const line of tableLines(rows, columns, terminal.room)) terminal.print(line);
  terminal.print();
  const [first = '', ...more] = wrap(showWiring(plan.output), terminal.room, ' '.repeat(OUTPUT.length));
  terminal.print(OUTPUT + first.trimStart());
  for (const line of more) terminal.print(line);
  for (const override of overrides) terminal.print(showOverride(override));
  return EXIT.fine;
}

async function draws(session: Session, source: string, options: DrawOptions): Promise<ExitCode> {
  const { planId, plan, overrides } = await findPlan(session, source);
  const mermaid = drawPlan(plan, { direction: options.direction ?? 'TD', overrides });
  if (session.terminal.json) session.terminal.printJson({ planId, mermaid });
  else session.terminal.print(mermaid.trimEnd());
  return EXIT.fine;
}

async function diffs(session: Session, from: string, to: string): Promise<ExitCode> {
  const { terminal } = session;
  const [before, after] = [await findPlan(session, from), await findPlan(session, to)];
  const changes = diffPlans(before.plan, after.plan);
  if (terminal.json) {
    terminal.printJson({ from: before.planId, to: after.planId, changes, overrides: after.overrides });
    return EXIT.fine;
  }
  const [old, now] = [shortId(before.planId), shortId(after.planId)];
  terminal.print(
    changes.length === 0
      ? `${before.name} and ${after.name} are the same plan (${old})`
      : `${count(changes.length, 'difference')} from ${before.name} (${old}) to ${after.name} (${now})`,
  );
  const lines = showDiff(changes, after.overrides).trimEnd();
  if (lines !== '') terminal.print(lines);
  return EXIT.fine;
}

/**
 * By `name@version`, of the steps that pipelines here call. A plan does not hold it, so that what a step declares changes no
 * plan id: of steps that only the store or a file knows it is not said.
 */
async function effectsHere({ services }: Session): Promise<ReadonlyMap<string, string>> {
  const pipelines = await services.pipelines().catch((error: unknown) => {
    if (error instanceof SluiceError && error.code === 'project_missing') return new Map<string, AnyPipeline>();
    throw error;
  });
  const steps = [...pipelines.values()].flatMap(({ steps }) => steps);
  return new Map(
    steps.map(({ name, version, effect, dryRun }) => [
      `${name}@${version}`,
      effect === 'write' ? `write (${dryRun === undefined ? 'no dry run' : 'dry run'})` : effect,
    ]),
  );
}

function effectOf(node: PlanNode, effects: ReadonlyMap<string, string>): string {
  if (node.kind !== 'step') return '';
  const own = effects.get(node.call.step) ?? '';
  const spare = node.fallback && effects.get(node.fallback.step);
  return spare === undefined || spare === own ? own : `${own}, fallback ${spare}`;
}

interface PlanRow {
  readonly node: PlanNode;
  readonly indent: string;
}

function* rowsOf(nodes: readonly PlanNode[], indent: string): Generator<PlanRow> {
  for (const node of nodes) {
    yield { node, indent };
    for (const body of bodiesOf(node)) yield* rowsOf(body.nodes, `${indent}  `);
  }
}

function readsOf(node: PlanNode): string {
  switch (node.kind) {
    case 'step':
      return showWiring(node.input);
    case 'repeat':
      return `until ${showWiring(node.until)}, at most ${node.max} rounds`;
    case 'branch':
      return `if ${showWiring(node.when)}`;
    case 'map':
      return `each of ${showWiring(node.over)}, at most ${node.max}, ${node.concurrency} at once`;
    default:
      return node satisfies never;
  }
}

function triedOf(node: PlanNode): string {
  if (node.kind !== 'step') return '';
  const { attempts, timeoutMs, lane } = node.policy;
  return `${attempts} × ${showDuration(timeoutMs)}${lane === 'local' ? ', local' : ''}`;
}

function elseOf(node: PlanNode): string {
  if (node.kind !== 'step') return '';
  const parts = [
    ...(node.when ? [`skipped unless ${showWiring(node.when)}`] : []),
    ...(node.fallback ? [`fallback ${node.fallback.step}`] : []),
    ...(node.orElse === undefined ? [] : [`or else ${JSON.stringify(node.orElse)}`]),
  ];
  return parts.join(', ');
}
