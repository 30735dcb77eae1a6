/**
 * Lowering `.repeat`, `.branch` and `.map`: each opens a draft for its body, lets the author fill it, and closes it into
 * one node. What leaves a container is decided here and nowhere else.
 */
import { z } from 'zod';
import type { Arm, PlanNode, WhenExhausted, WhenOver, Wiring } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { add, claim, type Draft, open, type WiringFunction } from './draft.ts';
import { checkFaithful, checkYieldFaithful } from './faithful.ts';
import { toJson } from './literal.ts';
import { lower } from './lower.ts';
import { factsOf, refTo } from './ref.ts';
import { checkCount, checkKeys, refuse, show } from './refuse.ts';
import { lowerCondition, lowerObjectIn, lowerValueIn, resolveAliases, wire } from './scope.ts';
import { elementOf, type Schema } from './shape.ts';

/** A body that has ended: its draft, and what it hands on. */
export interface Ended {
  readonly draft: Draft;
  readonly yields: Wiring;
  /** Of a round only. */
  readonly until?: Wiring;
}

/** Builds a container's body: given the draft inside, it returns how the author ended it. */
export type Body = (inner: Draft) => Ended;

export interface LoopSettings {
  readonly max: number;
  readonly carry: z.ZodObject;
  readonly start: unknown;
  readonly whenExhausted: WhenExhausted;
}

/** A loop. Outside, it shows what its last round made, by name. */
export function placeRepeat(draft: Draft, id: string, loop: LoopSettings, body: Body): Draft {
  const at = `repeat '${id}'`;
  const outer = claim(draft, id, { kind: 'repeat' });
  checkKeys(loop, ['max', 'carry', 'start', 'whenExhausted'], at);
  const { max, carry, start, whenExhausted } = loop;
  checkCount(max, 1, LIMITS.rounds, `${at}: max`);
  checkFaithful(carry, `${at}: carry`);
  checkChoice(whenExhausted, ['keep-last', 'fail'], `${at}: whenExhausted`);
  const first = lower(start, carry, `${at}: start`);
  if (!('$value' in first)) return refuse('start_ref', `${at}: start holds a ref`, 'the first carry is a literal');

  const round = body(open(outer, { kind: 'round', result: carry, at }, { carry: refTo(carry, [`${id}:carry`]) }));
  const made = Object.entries(round.draft.outputs).filter(([name]) => !Object.hasOwn(draft.outputs, name));
  const shown = made.map(([name]) => [name, resolveAliases(round.draft, { $from: [name] }, at)] as const);
  const node: PlanNode = {
    kind: 'repeat',
    id,
    max,
    start: toJson(first.$value, `${at}: start`),
    whenExhausted,
    nodes: round.draft.nodes,
    until: round.until!,
    carry: round.yields,
    yields: Object.fromEntries(shown),
  };
  return add(closed(outer, round), id, [node], z.object({ ...Object.fromEntries(made), rounds: z.int() }));
}

/** Two arms. Outside, only the value that both yield. */
export function placeBranch(
  draft: Draft,
  id: string,
  yields: Schema,
  condition: WiringFunction,
  [first, second]: readonly [then: Body, otherwise: Body],
): Draft {
  const at = `branch '${id}'`;
  const outer = claim(draft, id, { kind: 'branch' });
  checkYieldFaithful(yields, `${at}: its schema`);
  const when = lowerCondition(draft, condition, `${at}: when`);
  const then = first(open(outer, { kind: 'part', result: yields, at: `${at}, first arm` }));
  const rest = closed(outer, then);
  const otherwise = second(open(rest, { kind: 'part', result: yields, at: `${at}, second arm` }));
  // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
  const node: PlanNode = { kind: 'branch', id, when, then: armOf(then), otherwise: armOf(otherwise) };
  return add(closed(outer, otherwise), id, [node], yields);
}

export interface MapLimits {
  readonly max: number;
  readonly concurrency: number;
  readonly whenOver: WhenOver;
}

/** A body per item. Outside, the list of what they yield. */
export function placeMap(
  draft: Draft,
  id: string,
  yields: Schema,
  over: WiringFunction,
  limits: MapLimits,
  body: Body,
): Draft {
  const at = `map '${id}'`;
  const outer = claim(draft, id, { kind: 'map' });
  checkYieldFaithful(yields, `${at}: its schema`);
  checkKeys(limits, ['max', 'concurrency', 'whenOver'], at);
  const { max, concurrency, whenOver } = limits;
  checkCount(max, 1, LIMITS.items, `${at}: max`);
  checkCount(concurrency, 1, LIMITS.concurrency, `${at}: concurrency`);
  checkChoice(whenOver, ['truncate', 'fail'], `${at}: whenOver`);

  const list = factsOf(wire(draft, over, `${at}: over`));
  const item = list && elementOf(list.schema);
  if (!item) return refuse('map_no_list', `${at} is over something that is no list`, 'return a ref to a list');
  const each = body(open(outer, { kind: 'part', result: yields, at }, { item: refTo(item, [`${id}:item`]) }));
  const node: PlanNode = {
    kind: 'map',
    id,
    over: resolveAliases(draft, { $from: list.source }, at),
    max,
    concurrency,
    whenOver,
    ...armOf(each),
  };
  return add(closed(outer, each), id, [node], z.array(yields));
}

// ---------------------------------------------------------------- how bodies end

/** Ends a round. */
export function endRound(draft: Draft, done: WiringFunction, carry: WiringFunction): Ended {
  const { body } = draft;
  if (!(body?.result instanceof z.ZodObject) || body.kind !== 'round')
    return refuse('until_outside', '.until(done, carry) ends the body of a repeat', 'use it there only');
  const until = lowerCondition(draft, done, `${body.at}: until`);
  return { draft, until, yields: lowerObjectIn(draft, carry, body.result, `${body.at}: 'carry'`) };
}

/** Ends an arm, or a map's body. */
export function endPart(draft: Draft, wiring: WiringFunction): Ended {
  const { body } = draft;
  if (body?.kind !== 'part')
    return refuse('yield_outside', ".yield(wire) ends an arm or a map's body", 'use it there only');
  return { draft, yields: lowerValueIn(draft, wiring, body.result, `${body.at}: 'yield'`) };
}

/** The outer draft, knowing the ids that a body added. */
function closed(outer: Draft, ended: Ended): Draft {
  return { ...outer, known: ended.draft.known };
}

function armOf(ended: Ended): Arm {
  return { nodes: ended.draft.nodes, yields: ended.yields };
}

function checkChoice(value: unknown, choices: readonly string[], at: string): void {
  if (!choices.includes(value as string))
    refuse('choice_unknown', `${at} is ${show(value)}`, `use ${choices.map((choice) => `'${choice}'`).join(' or ')}`);
}
