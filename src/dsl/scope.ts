/**
 * Wiring within a draft: a wiring function is called once, on refs to what its place can see, and what it returns is
 * lowered at once. Nothing of the function stays.
 */
import type { z } from 'zod';
import { type Source, sourcesOf } from '../plan/nodes.ts';
import type { Wiring } from '../plan/plan.ts';
import { replaceSources, within } from './alias.ts';
import type { Draft, WiringFunction } from './draft.ts';
import { lower, lowerInput } from './lower.ts';
import { factsOf, refTo } from './ref.ts';
import { refuse, show } from './refuse.ts';
import { isBoolean, type Schema } from './shape.ts';

/** Calls a wiring function on the draft's scope. */
export function wire(draft: Draft, wiring: WiringFunction, at: string): unknown {
  return callWiring({ ...draft.locals, ...refsTo(draft.outputs) }, wiring, at);
}

/** A ref per visible node, by its id; `head` is written before it. */
export function refsTo(outputs: Draft['outputs'], ...head: readonly string[]): { readonly [id: string]: object } {
  const refs = Object.entries(outputs).map(
    ([id, schema]) => [id, refTo(schema, [...head, id] as unknown as Source)] as const,
  );
  return Object.fromEntries(refs);
}

/** Calls a wiring function on these refs, once. */
export function callWiring(scope: { readonly [word: string]: object }, wiring: WiringFunction, at: string): unknown {
  if (typeof wiring !== 'function')
    refuse('wiring_not_function', `${at} is wired by ${show(wiring)}`, 'give a function: ({ input }) => ({ ... })');
  try {
    return wiring(scope as never);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuse(
      'wiring_failed',
      `${at} cannot be wired: ${error.message}`,
      `in scope are ${Object.keys(scope).join(', ')}`,
    );
  }
}

/** A wiring function lowered to what `schema` asks of a node's whole input. */
export function lowerObjectIn(draft: Draft, wiring: WiringFunction, schema: z.ZodObject, at: string): Wiring {
  return resolveAliases(draft, lowerInput(wire(draft, wiring, at), schema, at), at);
}

/** As `lowerObjectIn`, for a value of any schema: what an arm or a map's body yields. */
export function lowerValueIn(draft: Draft, wiring: WiringFunction, schema: Schema, at: string): Wiring {
  return resolveAliases(draft, lower(wire(draft, wiring, at), schema, at), at);
}

/** A condition: a ref to a boolean, never a computation. */
export function lowerCondition(draft: Draft, wiring: WiringFunction, at: string): Wiring {
  const condition = wire(draft, wiring, at);
  const facts = factsOf(condition);
  if (!facts || !isBoolean(facts.schema))
    return refuse(
      'condition_not_boolean',
      `${at} is no ref to a boolean`,
      'let a step put the boolean into its output, and return a ref to it',
    );
  return resolveAliases(draft, { $from: facts.source }, at);
}

/**
 * Refs to a used pipeline become refs to what it wires to its output, so that it is no barrier. Other refs stay, if this
 * place can see them: one kept from another wiring function may point to what is not there yet.
 */
export function resolveAliases(draft: Draft, wiring: Wiring, at: string): Wiring {
  const visible = new Set([...Object.keys(draft.outputs), ...Object.values(draft.locals).map(headOf)]);
  for (const source of sourcesOf(wiring))
    if (!visible.has(source[0]))
      refuse(
        'ref_elsewhere',
        `${at} is wired to '${source.join('.')}', which it cannot see`,
        'use only the refs that the wiring function is given',
      );
  if (draft.aliases.size === 0) return wiring;
  return replaceSources(
    wiring,
    ([head, ...fields]) => {
      const alias = draft.aliases.get(head);
      return alias ? within(alias, fields) : { $from: [head, ...fields] };
    },
    at,
  );
}

function headOf(ref: object): string {
  return factsOf(ref)!.source[0];
}
