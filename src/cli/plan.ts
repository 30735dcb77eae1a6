/** `sluice plan`: a pipeline's plan as a list, as a picture, and against another. */

import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showDuration } from '../base/format.ts';
import { type AnyPipeline, isVariant } from '../dsl/edit.ts';
import { diffPlans, type PlanOverride, showDiff, showOverride } from '../plan/diff.ts';
import { type DrawOptions, drawPlan } from '../plan/draw.ts';
import { shortId } from '../plan/id.ts';
import { bodiesOf, showWiring } from '../plan/nodes.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { findNamed, findPipeline } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { type Column, tableLines, wrap } from './table.ts';
import { withStore } from './with-servers.ts';

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

interface NamedPlan {
  /** As it was found: `docs-bot`, `docs-bot:hyde`, `old.json`; a stored plan by its pipeline. */
  readonly name: string;
  readonly planId: string;
  readonly plan: Plan;
  /** Of a variant in code: where it changes what an included variant has edited. */
  readonly overrides: readonly PlanOverride[];
}

/** Fewer digits would be taken for a name. */
const ID = /^[0-9a-f]{6,64}$/;

/**
 * @throws SluiceError `pipeline_unknown` with the nearest name, `plan_unknown`, `plan_ambiguous`, `plan_unreadable`, or
 * what is wrong with a file's plan.
 */
async function findPlan(session: Session, source: string): Promise<NamedPlan> {
  const { planId } = await import('../plan/id.ts');
  if (source.endsWith('.json')) {
    const plan = await readPlan(source);
    return { name: source, planId: planId(plan), plan, overrides: [] };
  }
  const pipelines = await session.services.pipelines();
  if (!ID.test(source) || pipelines.has(source)) {
    const [name, pipeline] = findPipeline(pipelines, source);
    return named(name, planId(pipeline.plan), pipeline);
  }
  const here = new Map<string, NamedPlan>();
  for (const [name, pipeline] of pipelines) {
    const id = planId(pipeline.plan);
    if (!here.has(id)) here.set(id, named(name, id, pipeline));
  }
  if ([...here.keys()].some((id) => id.startsWith(source)))
    return findNamed({
      kind: 'plan',
      name: source,
      among: [...here.values()],
      nameOf: (each) => each.planId,
      whenNone: '',
    });
  const stored = await withStore(session, ({ store }) => store.plans.find(source));
  return { name: stored.plan.pipeline, ...stored, overrides: [] };
}

const named = (name: string, planId: string, pipeline: AnyPipeline): NamedPlan => ({
  ...{ name, planId, plan: pipeline.plan },
  overrides: isVariant(pipeline) ? pipeline.overrides : [],
});

async function readPlan(file: string): Promise<Plan> {
  const { requirePlan } = await import('../plan/check.ts');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SluiceError('plan_unreadable', { message: `'${file}' cannot be read`, remedy: 'check the path', cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SluiceError('plan_unreadable', {
      message: `'${file}' is not JSON`,
      remedy: 'write it with: sluice plan show <pipeline> --json > plan.json',
      cause,
    });
  }
  return requirePlan(json);
}
