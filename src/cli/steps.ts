/** `sluice steps`: the steps that pipelines call and workers can run, with their contracts. */
import type { Command } from 'commander';
import { count, showDuration } from '../base/format.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import type { AnyStep, Effect } from '../dsl/step.ts';
import { nodesOf } from '../plan/nodes.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findNamed } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { type Column, tableLines } from './table.ts';

/** What is known of a step without running it. */
interface StepListed {
  readonly step: string;
  readonly effect: Effect;
  /** Of a `write`, where it declares one: what stands for its output where it is not executed. */
  readonly dryRun?: Json;
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly takes: readonly string[];
  readonly gives: readonly string[];
  readonly config: readonly string[];
  /** The nodes that call it, as `docs-bot.ranked`. */
  readonly usedBy: readonly string[];
  readonly schemas: { readonly input: Json; readonly output: Json; readonly config: Json };
}

export function stepsCommand(world: World): Command {
  return readingCommand('steps', {
    summary: 'list the steps of the pipelines here, or show one',
    examples: [
      ['steps', 'every step, what it takes and gives, and who uses it'],
      ['steps rerank@2', 'one step, with its schemas'],
    ],
  })
    .argument('[step]', 'a step, as name@version')
    .action((name: string | undefined, _options: object, command: Command) =>
      runAction(world, command, (session) => steps(session, name)),
    );
}

async function steps({ terminal, services }: Session, name: string | undefined): Promise<ExitCode> {
  const listed = await listSteps([...(await services.pipelines())]);
  if (name === undefined) {
    if (terminal.json) terminal.printJson(listed);
    else for (const line of stepTable(listed, terminal.room)) terminal.print(line);
    return EXIT.fine;
  }
  const step = findNamed({
    kind: 'step',
    name,
    among: listed,
    nameOf: (each) => each.step,
    whenNone: 'no pipeline here calls a step',
  });
  if (terminal.json) terminal.printJson(step);
  else for (const line of stepLines(step, terminal.room)) terminal.print(line);
  return EXIT.fine;
}

/** Every step of these pipelines, each once, by name. */
async function listSteps(pipelines: readonly (readonly [string, AnyPipeline])[]): Promise<StepListed[]> {
  const { stepName } = await import('../dsl/step.ts');
  const contracts = new Map<string, AnyStep>();
  const users = new Map<string, string[]>();
  for (const [name, pipeline] of pipelines) {
    for (const step of pipeline.steps) contracts.set(stepName(step), step);
    for (const [step, node] of callsOf(pipeline.plan)) {
      const known = users.get(step) ?? [];
      // What a variant shares with its baseline is said once.
      const user = `${known.includes(`${pipeline.id}.${node}`) ? pipeline.id : name}.${node}`;
      users.set(step, known.includes(user) ? known : [...known, user]);
    }
  }
  const listed = await Promise.all(
    [...contracts].map(([name, step]) => describeStep(name, step, users.get(name) ?? [])),
  );
  return listed.sort((a, b) => a.step.localeCompare(b.step));
}

function* callsOf(plan: Plan): Generator<readonly [step: string, node: string]> {
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'step') continue;
    yield [node.call.step, node.id];
    if (node.fallback) yield [node.fallback.step, node.id];
  }
}

async function describeStep(name: string, step: AnyStep, usedBy: readonly string[]): Promise<StepListed> {
  const { z } = await import('zod');
  const schema = (of: typeof step.input) => z.toJSONSchema(of) as Json;
  return {
    step: name,
    effect: step.effect,
    ...(step.dryRun !== undefined && { dryRun: step.dryRun }),
    attempts: step.policy.attempts,
    timeoutMs: step.policy.timeoutMs,
    takes: Object.keys(step.input.shape),
    gives: Object.keys(step.output.shape),
    config: Object.keys(step.config.shape),
    usedBy,
    schemas: { input: schema(step.input), output: schema(step.output), config: schema(step.config) },
  };
}

function stepTable(listed: readonly StepListed[], room: number): string[] {
  const columns: readonly Column<StepListed>[] = [
    { heading: 'step', cell: ({ step }) => step },
    { heading: 'takes', cell: ({ takes }) => takes.join(', '), isFlexible: true },
    { heading: 'gives', cell: ({ gives }) => gives.join(', '), isFlexible: true },
    { heading: 'config', cell: ({ config }) => config.join(', '), isFlexible: true },
    { heading: 'used by', cell: ({ usedBy }) => usedBy.join(', '), isFlexible: true },
  ];
  return tableLines(listed, columns, room);
}

function doesOf({ effect, dryRun }: StepListed): string {
  if (effect === 'none') return 'pure computation';
  if (effect === 'read') return 'reads outside';
  return `writes outside, in live runs only (${dryRun === undefined ? 'no dry run' : 'has a dry run'})`;
}

function stepLines(listed: StepListed, room: number): string[] {
  const { step, attempts, timeoutMs, usedBy, schemas } = listed;
  const rows = (['input', 'output', 'config'] as const).flatMap((part) =>
    fieldsOf(schemas[part]).map((field) => ({ part, ...field })),
  );
  return [
    `${step}: ${doesOf(listed)}, ${count(attempts, 'attempt')} of at most ${showDuration(timeoutMs)}`,
    `used by ${usedBy.join(', ') || 'no node'}`,
    '',
    ...tableLines(
      rows,
      [
        { heading: 'of', cell: ({ part }) => part },
        { heading: 'field', cell: ({ name }) => name },
        { heading: 'type', cell: ({ type }) => type, isFlexible: true },
      ],
      room,
    ),
  ];
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: Json;
}

interface Field {
  readonly name: string;
  readonly type: string;
}

/** The fields of an object's schema, `?` after those that may be left out; a default is said with the type. */
export function fieldsOf(schema: Json): readonly Field[] {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.entries(properties).map(([name, field]) => {
    const isOptional = !required.includes(name) && field.default === undefined;
    const otherwise = field.default === undefined ? '' : ` = ${JSON.stringify(field.default)}`;
    return { name: isOptional ? `${name}?` : name, type: typeOf(field) + otherwise };
  });
}

function typeOf(schema: Schema): string {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.map(typeOf).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.items) {
    const item = typeOf(schema.items);
    return item.includes(' | ') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.properties)
    return `{ ${fieldsOf(schema as Json)
      .map(({ name, type }) => `${name}: ${type}`)
      .join(', ')} }`;
  if (typeof schema.additionalProperties === 'object') return `{ [name]: ${typeOf(schema.additionalProperties)} }`;
  return [schema.type ?? 'any'].flat().join(' | ');
}
