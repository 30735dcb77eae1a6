/** Edits as TypeScript that an author can paste: `edit.configure('ranked', { topN: 12 })`. */
import type { Duration } from '../dsl/duration.ts';
import { isSameJson } from '../plan/id.ts';
import { findNode, type Source, sourcesOf } from '../plan/nodes.ts';
import type { CallPolicy, Json, NodeEdit, NodeOptionsEdit, Plan, Wiring } from '../plan/plan.ts';

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
