/**
 * What experiments have won, against the code. A promotion changes what is served, not the code; until somebody has
 * written it there, a deploy from that code would undo it, and is refused.
 */
import { SluiceError } from '../base/errors.ts';
import type { Duration } from '../dsl/refuse.ts';
import { applyEdits } from '../plan/compose.ts';
import { isSameJson, planId } from '../plan/id.ts';
import { findNode, type Source, sourcesOf } from '../plan/nodes.ts';
import type { CallPolicy, Json, NodeEdit, NodeOptionsEdit, Plan, Wiring } from '../plan/plan.ts';
import type { PromotedEdit } from '../store/deployments.ts';

/** What was won of one node, and is not in a plan. */
export interface UndoneEdit {
  readonly node: string;
  /** Ids of the experiments that won it, oldest first. */
  readonly experiments: readonly string[];
  /** What is left of their edits where a later one has overwritten an earlier. */
  readonly edits: readonly NodeEdit[];
}

/**
 * What was won and is not in the plan, in the order in which it was won; empty where the plan has it all. A node's edits
 * are in a plan when applying them changes nothing.
 */
export function undoneEdits(plan: Plan, promoted: readonly PromotedEdit[]): readonly UndoneEdit[] {
  const id = planId(plan);
  const won = promoted.flatMap(({ experiment, edits }) => edits.map((edit) => ({ experiment, edit })));
  return [...Map.groupBy(won, ({ edit }) => edit.node)].flatMap(([node, ofNode]): UndoneEdit[] => {
    const edits = foldEdits(ofNode.map(({ edit }) => edit));
    if (isIn(plan, id, edits)) return [];
    return [{ node, experiments: [...new Set(ofNode.map(({ experiment }) => experiment))], edits }];
  });
}

/** Ids of the experiments whose edits are promoted, oldest first. */
export const winnersIn = (promoted: readonly Pick<PromotedEdit, 'experiment'>[]): readonly string[] => [
  ...new Set(promoted.map(({ experiment }) => experiment)),
];

/** The promotions that remain when this plan is deployed. */
export function keptPromotions(plan: Plan, promoted: readonly PromotedEdit[]): readonly PromotedEdit[] {
  const undone = new Set(undoneEdits(plan, promoted).map(({ node }) => node));
  return promoted
    .map((entry) => ({ ...entry, edits: entry.edits.filter(({ node }) => !undone.has(node)) }))
    .filter(({ edits }) => edits.length > 0);
}

/**
 * Refuses a plan that would undo what was won.
 *
 * @throws SluiceError `promoted_undone`, with the edits as they would be written into the pipeline's code
 */
export function checkPromoted(plan: Plan, promoted: readonly PromotedEdit[]): void {
  const undone = undoneEdits(plan, promoted);
  if (undone.length === 0) return;
  const experiments = [...new Set(undone.flatMap((each) => each.experiments))];
  const nodes = undone.map(({ node }) => node);
  const code = undoneLines(plan, undone);
  throw new SluiceError('promoted_undone', {
    message: `this code of '${plan.pipeline}' would undo what ${quoted(experiments)} won at ${quoted(nodes)}`,
    remedy: [
      "write it into the pipeline's code:",
      ...code.map((line) => `  ${line}`),
      'or undo it on purpose: --force',
    ].join('\n'),
    data: { experiments, nodes, edits: undone.flatMap(({ edits }) => edits) as unknown as Json, code: code.join('\n') },
  });
}

/** The edits as TypeScript, each node under a comment that says who won it. */
function undoneLines(plan: Plan, undone: readonly UndoneEdit[]): string[] {
  return undone.flatMap(({ experiments, edits }) => [`// won by ${experiments.join(', ')}`, ...editLines(plan, edits)]);
}

function isIn(plan: Plan, id: string, edits: readonly NodeEdit[]): boolean {
  try {
    return planId(applyEdits(plan, edits)) === id;
  } catch (error) {
    // The node is gone, or is of another kind: what was won of it is, too.
    if (error instanceof SluiceError) return false;
    throw error;
  }
}

/** Successive edits of one node as the one edit per facet that they come to. */
function foldEdits(edits: readonly NodeEdit[]): readonly NodeEdit[] {
  const { node } = edits[0]!;
  const facets = edits.reduce<Facets>(withEdit, {});
  const { step, config, input } = facets;
  const options = withoutEmpty(facets.options ?? {});
  return [
    ...(step ? [step] : []),
    ...(config ? [config] : []),
    ...(input ? [input] : []),
    ...(Object.keys(options).length > 0 ? [{ node, facet: 'options' as const, options }] : []),
  ];
}

type EditOf<Facet extends NodeEdit['facet']> = NodeEdit & { readonly facet: Facet };

interface Facets {
  readonly step?: EditOf<'step'>;
  readonly config?: EditOf<'config'>;
  readonly input?: EditOf<'input'>;
  readonly options?: NodeOptionsEdit;
}

function withEdit({ step, config, ...others }: Facets, edit: NodeEdit): Facets {
  const { options } = others;
  switch (edit.facet) {
    case 'step':
      // A new step brings its config, and where it brings a policy, that overrides what was set before.
      return { ...others, step: edit, ...(options && { options: edit.policy ? { ...options, policy: {} } : options }) };
    case 'config':
      if (!step) return { ...others, config: edit };
      return { ...others, step: { ...step, call: { ...step.call, config: edit.config } } };
    case 'input':
      return { ...others, ...(step && { step }), ...(config && { config }), input: edit };
    case 'options': {
      const merged = { ...options, ...edit.options, policy: { ...options?.policy, ...edit.options.policy } };
      return { ...others, ...(step && { step }), ...(config && { config }), options: merged };
    }
    default:
      return edit satisfies never;
  }
}

/** A container has no policy, not even an empty one. */
function withoutEmpty({ policy, ...others }: NodeOptionsEdit): NodeOptionsEdit {
  return policy && Object.keys(policy).length > 0 ? { ...others, policy } : others;
}

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(' and ');

/** Longer literals are broken into lines. */
const LINE_CHARACTERS = 100;
const INDENT = '  ';

/**
 * One call per edit, a replace for a step with its wiring; each may be several lines.
 *
 * @param plan the plan they are edits of: a config's keys that it has already are left out
 */
export function editLines(plan: Plan, edits: readonly NodeEdit[]): string[] {
  const calls = edits.flatMap((edit) => {
    if (edit.facet === 'input' && edits.some((other) => other.node === edit.node && other.facet === 'step')) return [];
    return callOf(plan, edit, edits);
  });
  const [first, ...others] = calls;
  if (first === undefined) return [];
  const lines = others.length === 0 ? [`edit${first}`] : ['edit', ...calls.map((call) => indented(call))];
  return lines.join('\n').split('\n');
}

function callOf(plan: Plan, edit: NodeEdit, edits: readonly NodeEdit[]): string {
  const { node } = edit;
  switch (edit.facet) {
    case 'step': {
      const rewired = edits.find((other) => other.node === node && other.facet === 'input');
      const whole = edit.call.config as Json;
      const config = isEmpty(whole) ? [] : [literal(whole)];
      const step = stepText(edit.call.step);
      if (rewired?.facet !== 'input') return call('swap', node, [step, ...config]);
      return call('replace', node, [step, wireText(rewired.input), ...config]);
    }
    case 'config':
      return call('configure', node, [literal(changedKeys(edit.config, findNode(plan, node)))]);
    case 'input':
      return call('rewire', node, [wireText(edit.input)]);
    case 'options':
      return call('options', node, [literal(optionsOf(edit.options))]);
    default:
      return edit satisfies never;
  }
}

function call(method: string, node: string, parts: readonly string[]): string {
  return `.${method}(${[text(node), ...parts].join(', ')})`;
}

/** The step as code would name it, and as the plan does. */
function stepText(step: string): string {
  const name = step.slice(0, step.lastIndexOf('@'));
  return `${name.replace(/[-_]+(\w?)/g, (_, next: string) => next.toUpperCase())} /* ${step} */`;
}

/** An edit has the whole config: what the code has already need not be written. */
function changedKeys(config: Json, node: ReturnType<typeof findNode>): Json {
  const before = node?.kind === 'step' ? (node.call.config as Json) : null;
  if (!isRecord(config) || !isRecord(before)) return config;
  const changed = Object.entries(config).filter(([key, value]) => !isSameJson(value, before[key]));
  return changed.length === 0 ? config : Object.fromEntries(changed);
}

/** As `Policy` has them, durations in words. */
function optionsOf({ policy = {}, ...others }: NodeOptionsEdit): Json {
  const { timeoutMs, heartbeatMs, backoff, ...same } = policy as Partial<CallPolicy>;
  return {
    ...same,
    ...(timeoutMs !== undefined && { timeout: inWords(timeoutMs) }),
    ...(heartbeatMs !== undefined && { heartbeat: inWords(heartbeatMs) }),
    ...(backoff && {
      backoff: { first: inWords(backoff.firstMs), factor: backoff.factor, max: inWords(backoff.maxMs) },
    }),
    ...others,
  };
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Exactly, in the largest unit of which it is a whole number. */
function inWords(milliseconds: number): Duration {
  const unit = UNITS.find(([, length]) => milliseconds % length === 0);
  if (unit === undefined) return `${milliseconds} ms`;
  const number = milliseconds / unit[1];
  return `${number} ${unit[0]}${number === 1 ? '' : 's'}`;
}

// ---------------------------------------------------------------- wirings

/** `({ enhance, fused }) => ({ query: enhance.standalone, passages: fused.passages })` */
function wireText(wiring: Wiring): string {
  const roots = [...new Set([...sourcesOf(wiring)].map((source) => pathOf(source)[0]!))].sort();
  const body = valueText(wiring);
  return `(${roots.length === 0 ? '' : `{ ${roots.join(', ')} }`}) => ${body.startsWith('{') ? `(${body})` : body}`;
}

function valueText(wiring: Wiring): string {
  if ('$from' in wiring) {
    const [root, ...fields] = pathOf(wiring.$from);
    return fields.reduce((path, field) => `${path}${isName(field) ? `.${field}` : `[${text(field)}]`}`, root!);
  }
  if ('$list' in wiring) return `[${wiring.$list.map(valueText).join(', ')}]`;
  if (!('$object' in wiring)) return literal(wiring.$value);
  const parts = Object.entries(wiring.$object).map(([key, part]) => `${keyText(key)}: ${valueText(part)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

/** As a scope offers it: `answer:carry` is `carry` there, and a node of a used pipeline is within its name. */
function pathOf([source, ...fields]: Source): string[] {
  const owned = source.slice(source.indexOf(':') + 1);
  return [...owned.split('/'), ...fields];
}

// ---------------------------------------------------------------- literals

function literal(json: Json): string {
  const short = inline(json);
  return short.length <= LINE_CHARACTERS ? short : broken(json);
}

function inline(json: Json): string {
  if (typeof json === 'string') return text(json);
  if (Array.isArray(json)) return `[${json.map(inline).join(', ')}]`;
  if (!isRecord(json)) return JSON.stringify(json);
  const parts = Object.entries(json).map(([key, value]) => `${keyText(key)}: ${inline(value)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function broken(json: Json): string {
  if (Array.isArray(json)) return block('[', json.map(literal), ']');
  if (!isRecord(json)) return inline(json);
  const parts = Object.entries(json).map(([key, value]) => `${keyText(key)}: ${literal(value)}`);
  return block('{', parts, '}');
}

function block(open: string, parts: readonly string[], close: string): string {
  return [open, ...parts.map((part) => `${indented(part)},`), close].join('\n');
}

const indented = (lines: string): string =>
  lines
    .split('\n')
    .map((line) => `${INDENT}${line}`)
    .join('\n');

const NAME = /^[A-Za-z_$][\w$]*$/;
const isName = (name: string): boolean => NAME.test(name);
const keyText = (key: string): string => (isName(key) ? key : text(key));

/** In single quotes, with JSON's escapes. */
function text(value: string): string {
  const inside = JSON.stringify(value).slice(1, -1);
  return `'${inside.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function isRecord(json: Json): json is { readonly [key: string]: Json } {
  return json !== null && typeof json === 'object' && !Array.isArray(json);
}

const isEmpty = (json: Json): boolean => isRecord(json) && Object.keys(json).length === 0;
