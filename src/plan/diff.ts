/**
 * What differs between two plans, node by node: ids are stable between a pipeline and its variants and versions, so a
 * difference can be named the way its author thinks of it (`enhance: enhanceQuery@1 -> hydeQuery@1`).
 */
import { hashJson, isSameJson } from './id.ts';
import { bodiesOf, nodesOf, showWiring } from './nodes.ts';
import type { Json, Plan, PlanNode, StepCall, Wiring } from './plan.ts';

type ChangeFacet = 'node' | 'step' | 'fallback' | 'config' | 'wiring' | 'options' | 'place' | 'pipeline';

/** One difference. `from` is absent where only the second plan has something, `to` where only the first has. */
export interface PlanChange {
  /** Absent for what belongs to the plan as a whole: its name, schemas and output. */
  readonly node?: string;
  readonly facet: ChangeFacet;
  /** Which part of the facet, as `topN`, `input.query` or `backoff.firstMs`; empty for all of it. */
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** Where a variant changes what a variant that it includes has edited: `from` is what that one says, `to` what holds. */
export interface PlanOverride extends PlanChange {
  readonly node: string;
  /** The included variant's name. */
  readonly variant: string;
}

/** Every difference, in the order of the first plan's nodes, then of those that only the second has. */
export function diffPlans(from: Plan, to: Plan): readonly PlanChange[] {
  const [before, after] = [facetsByNode(from), facetsByNode(to)];
  const changes: PlanChange[] = compareFacets(undefined, planFacets(from), planFacets(to));
  for (const [node, facets] of before) {
    const other = after.get(node);
    if (other === undefined) changes.push({ node, facet: 'node', path: '', from: facets.node });
    else changes.push(...compareFacets(node, facets, other));
  }
  for (const [node, facets] of after)
    if (!before.has(node)) changes.push({ node, facet: 'node', path: '', to: facets.node });
  return changes;
}

/**
 * The differences as lines of text, one each; empty for equal plans.
 *
 * @param overrides of the second plan: named on the line of their difference, or on a line of their own where it has none
 */
export function showDiff(changes: readonly PlanChange[], overrides: readonly PlanOverride[] = []): string {
  const named = changes.map((change) => {
    const own = overrides.filter(isAtPlaceOf(change));
    return showChange(change) + own.map(showOverridden).join('');
  });
  const alone = overrides.filter((override) => !changes.some(isAtPlaceOf(override)));
  return [...named, ...alone.map(showOverride)].map((line) => `${line}\n`).join('');
}

/** `ranked config.topN: 20, overrides 'wide' (12)`. */
export const showOverride = (override: PlanOverride): string =>
  `${subjectOf(override)}: ${showValue(override.to, override.facet)}${showOverridden(override)}`;

const showOverridden = ({ variant, from, facet }: PlanOverride): string =>
  `, overrides '${variant}' (${showValue(from, facet)})`;

const isAtPlaceOf =
  ({ node, facet, path }: PlanChange) =>
  (other: PlanChange): boolean =>
    other.node === node && other.facet === facet && other.path === path;

function showChange(change: PlanChange): string {
  const { node, facet, from, to } = change;
  if (facet === 'node' && from === undefined) return `+ ${node} (${showValue(to, facet)})`;
  if (facet === 'node' && to === undefined) return `- ${node} (${showValue(from, facet)})`;
  return `${subjectOf(change)}: ${showValue(from, facet)} -> ${showValue(to, facet)}`;
}

function subjectOf({ node, facet, path }: PlanChange): string {
  const silent = facet === 'step' || facet === 'node' || facet === 'pipeline';
  const part = [silent ? '' : facet, path].filter((text) => text !== '').join('.');
  return [node ?? 'pipeline', part].filter((text) => text !== '').join(' ');
}

/** Names and wirings are text already; what stands in a config is shown as the JSON it is. */
const showValue = (value: Json | undefined, facet: ChangeFacet): string =>
  value === undefined ? '–' : cut(typeof value === 'string' && facet !== 'config' ? value : JSON.stringify(value));

const SHOWN_CHARACTERS = 80;

function cut(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)`;
}

// ---------------------------------------------------------------- facets

/** What a node is made of, by facet, each as JSON that is compared by path. Wirings are compared as their text. */
type Facets = { readonly [Facet in ChangeFacet]?: Json } & {
  readonly kind: PlanNode['kind'] | 'plan';
  /** What the node is, in a word: its step, or the kind of container. */
  readonly node: string;
};

function facetsByNode(plan: Plan): Map<string, Facets> {
  const places = placesOf(plan.nodes, '');
  return new Map(
    [...nodesOf(plan)].map((node) => [node.id, { ...facetsOf(node), place: places.get(node.id) ?? '' } as Facets]),
  );
}

function facetsOf(node: PlanNode): Facets {
  switch (node.kind) {
    case 'step': {
      const { call, fallback, input, when, orElse, policy } = node;
      return {
        kind: 'step',
        node: call.step,
        step: call.step,
        config: call.config,
        ...(fallback && { fallback: callJson(fallback) }),
        wiring: { input: wiringJson(input), ...(when && { when: wiringJson(when) }) },
        options: { ...(policy as unknown as { [key: string]: Json }), ...(orElse !== undefined && { orElse }) },
      };
    }
    case 'repeat': {
      const { max, start, whenExhausted, until, carry, yields } = node;
      return {
        kind: 'repeat',
        node: 'repeat',
        wiring: { until: wiringJson(until), carry: wiringJson(carry), yields: wiringJson({ $object: yields }) },
        options: { max, start, whenExhausted },
      };
    }
    case 'branch':
      return {
        kind: 'branch',
        node: 'branch',
        wiring: {
          when: wiringJson(node.when),
          // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
          then: wiringJson(node.then.yields),
          otherwise: wiringJson(node.otherwise.yields),
        },
      };
    case 'map': {
      const { max, concurrency, whenOver, over, yields } = node;
      return {
        kind: 'map',
        node: 'map',
        wiring: { over: wiringJson(over), yields: wiringJson(yields) },
        options: { max, concurrency, whenOver },
      };
    }
    default:
      return node satisfies never;
  }
}

function planFacets(plan: Plan): Facets {
  return {
    kind: 'plan',
    node: '',
    pipeline: {
      format: plan.format,
      name: plan.pipeline,
      output: wiringJson(plan.output),
      'input schema': hashJson(plan.schemas.input).slice(0, 12),
      'output schema': hashJson(plan.schemas.output).slice(0, 12),
    },
  };
}

function callJson(call: StepCall): Json {
  return { step: call.step, config: call.config };
}

/** A wiring as what its author would see changed: objects by key, everything else as text. */
function wiringJson(wiring: Wiring): Json {
  if (!('$object' in wiring)) return showWiring(wiring);
  return Object.fromEntries(Object.entries(wiring.$object).map(([key, part]) => [key, wiringJson(part)]));
}

/** Where each node stands: the containers around it. */
function placesOf(nodes: readonly PlanNode[], around: string): Map<string, string> {
  const places = new Map<string, string>();
  for (const node of nodes) {
    places.set(node.id, around === '' ? 'top' : around);
    for (const body of bodiesOf(node)) {
      const inside = `${around === '' ? '' : `${around} > `}${node.id}${body.name === 'body' ? '' : ` ${body.name}`}`;
      for (const [id, place] of placesOf(body.nodes, inside)) places.set(id, place);
    }
  }
  return places;
}

// ---------------------------------------------------------------- comparing

const COMPARED: readonly ChangeFacet[] = ['pipeline', 'step', 'config', 'fallback', 'wiring', 'options', 'place'];

function compareFacets(node: string | undefined, from: Facets, to: Facets): PlanChange[] {
  if (node !== undefined && from.kind !== to.kind)
    return [{ node, facet: 'node', path: '', from: from.node, to: to.node }];
  return COMPARED.flatMap((facet) =>
    compareJson(from[facet], to[facet], '').map(
      (change): PlanChange => ({ ...(node !== undefined && { node }), facet, ...change }),
    ),
  );
}

type JsonChange = Pick<PlanChange, 'path' | 'from' | 'to'>;

/** Objects are compared by key, at any depth; lists and scalars as wholes. */
function compareJson(from: Json | undefined, to: Json | undefined, path: string): JsonChange[] {
  if (isObject(from) && isObject(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    const own = (of: { readonly [key: string]: Json }, key: string) => (Object.hasOwn(of, key) ? of[key] : undefined);
    return keys.flatMap((key) => compareJson(own(from, key), own(to, key), path === '' ? key : `${path}.${key}`));
  }
  return isSameJson(from, to) ? [] : [{ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
