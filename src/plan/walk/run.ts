/**
 * What all node kinds share while a plan runs: opening scopes, settling node runs, stopping what can no longer be used.
 */

import type { Json, NodeOutcome, Plan, PlanNode, RepeatNode, Wiring } from '../plan.ts';
import { LIMITS } from '../plan-limits.ts';
import { type From, narrow, references } from '../resolve.ts';
import { type Execute, type NodeRun, type WalkError, WalkFailed } from './contract.ts';
import {
  type Agenda,
  emptyCell,
  errorOf,
  type Frame,
  type Known,
  knownCell,
  type LastRound,
  type NodeState,
  ownerOf,
  type Settled,
  type Source,
  settleCell,
  whenAllKnown,
  whenKnown,
} from './frame.ts';

/** One run of a plan. */
export interface Run {
  readonly agenda: Agenda;
  readonly execute: Execute;
  readonly onNode: ((run: NodeRun) => void) | undefined;
  /** Every node of every entered scope, in the order of entering. */
  readonly states: NodeState[];
  /** Puts a node of a newly opened scope to work: it waits for what it reads. */
  readonly place: (run: Run, state: NodeState) => void;
  /** Ends the run as cancelled from outside. */
  readonly cancel: () => void;
  /** Known before the first scope is entered. */
  neededYields: NeededYields;
  callsUnderWay: number;
  unsettled: number;
}

/** What a scope has of its own besides its nodes: the pipeline's input, a loop's carry, a map's item. */
export interface Local {
  readonly name: string;
  readonly value: Json | undefined;
}

/**
 * Enters a scope: every node in it waits for its refs, and for nothing else.
 *
 * @throws WalkFailed, which ends the run, where that would be more node runs than a run may have
 */
export function openFrame(
  run: Run,
  nodes: readonly PlanNode[],
  parent: NodeState | undefined,
  index: string,
  local?: Local,
): Frame {
  if (parent && run.states.length + nodes.length > LIMITS.nodeRuns) {
    const error = errorOf(ownerOf(parent), 'run_too_large', `a run may have ${LIMITS.nodeRuns} node runs, not more`);
    fail(run, parent, error);
    throw new WalkFailed('failed', error);
  }
  const frame: Frame = { parent: parent?.frame, index, sources: new Map(), states: [], stopped: false };
  if (local) frame.sources.set(local.name, { kind: 'value', cell: knownCell(local.value) });
  for (const node of nodes) {
    const source = newSource(node);
    frame.sources.set(node.id, source);
    frame.states.push({ ...unstarted, node, key: node.id + index, frame, source, scopes: [] });
  }
  parent?.scopes.push(frame);
  run.states.push(...frame.states);
  run.unsettled += frame.states.length;
  for (const state of frame.states) run.place(run, state);
  return frame;
}

const unstarted = { run: undefined, call: undefined, arm: undefined, abort: undefined } as const;

function newSource(node: PlanNode): Source {
  return node.kind === 'repeat' ? { kind: 'loop', node, cell: emptyCell() } : { kind: 'value', cell: emptyCell() };
}

/** Waits for a wiring on a node's behalf; a node that has settled meanwhile is left alone. */
export function awaitWiring(state: NodeState, wiring: Wiring, frame: Frame, then: (known: Known) => void): void {
  whenKnown(wiring, frame, ownerOf(state), (known) => {
    if (!state.run) then(known);
  });
}

/** As `awaitWiring`, for several at once. */
export function awaitWirings(
  state: NodeState,
  wirings: readonly Wiring[],
  frame: Frame,
  then: (known: Settled<readonly (Json | undefined)[]>) => void,
): void {
  whenAllKnown(wirings, frame, ownerOf(state), (known) => {
    if (!state.run) then(known);
  });
}

/** Ends a node run with a value, for its readers. `error` is what the fallback value replaced. */
export function succeed(
  run: Run,
  state: NodeState,
  outcome: NodeOutcome,
  value: Json | undefined,
  error?: WalkError,
): void {
  settle(run, state, outcome, error);
  if (state.source.kind === 'value') settleCell(run.agenda, state.source.cell, { value });
}

/** As `succeed`, for a loop: its value is the round that its readers shall see. */
export function succeedLoop(
  run: Run,
  state: NodeState,
  outcome: NodeOutcome,
  last: LastRound,
  error?: WalkError,
): void {
  settle(run, state, outcome, error);
  if (state.source.kind === 'loop') settleCell(run.agenda, state.source.cell, { value: last });
}

/** Ends a node run without a value. The culprit failed; every other node with its error was blocked by it. */
export function fail(run: Run, state: NodeState, error: WalkError): void {
  settle(run, state, error.key === state.key ? 'failed' : 'blocked', error);
  if (state.source.kind === 'loop') settleCell(run.agenda, state.source.cell, { error });
  else settleCell(run.agenda, state.source.cell, { error });
  for (const scope of state.scopes) stopLater(run, scope, error);
}

/** Stops a scope once everything that is known has spread, so that who waited for the culprit is blocked, not cancelled. */
export function stopLater(run: Run, frame: Frame, error: WalkError): void {
  run.agenda.stop(() => stopFrame(run, frame, error));
}

/** Cancels all that is not settled in a scope and in the scopes inside it. `error` is what made the scope useless. */
function stopFrame(run: Run, frame: Frame, error: WalkError): void {
  if (frame.stopped) return;
  frame.stopped = true;
  for (const state of frame.states) {
    for (const scope of state.scopes) stopFrame(run, scope, error);
    cancelNode(run, state, error);
  }
}

/** Cancels all that is not settled. */
export function stopAll(run: Run, error: WalkError | undefined): void {
  for (const state of run.states) cancelNode(run, state, error);
}

function cancelNode(run: Run, state: NodeState, error: WalkError | undefined): void {
  if (state.run) return;
  settle(run, state, 'cancelled', error);
  state.abort?.abort();
}

function settle(run: Run, state: NodeState, outcome: NodeOutcome, error: WalkError | undefined): void {
  state.run = {
    key: state.key,
    node: state.node.id,
    kind: state.node.kind,
    outcome,
    ...(error && { error }),
    ...(state.call && { call: state.call }),
  };
  run.unsettled -= 1;
  try {
    run.onNode?.(state.run);
  } catch {
    // a view that breaks must not break the run
  }
}

/*
 * What the output needs of each loop. A round is complete when what is needed of it is known: a log that the loop also
 * yields, but that the output does not read, may fail in a round without breaking it. This is static, reached backwards
 * from the output, so that no order of completion can change which rounds are complete.
 */

/** For each needed loop's id, the needed parts of its yields. Loops that the output does not need are missing. */
export type NeededYields = ReadonlyMap<string, readonly Wiring[]>;

export function neededYields(plan: Plan): NeededYields {
  const nodes = nodesById(plan.nodes);
  const visitedNodes = new Set<string>();
  const visitedPaths = new Set<string>();
  const needed = new Map<string, Wiring[]>();
  const unread: Wiring[] = [plan.output];

  function visit(ref: From): void {
    const [id, ...fields] = ref;
    const node = nodes.get(id);
    if (!node) return;
    if (!visitedNodes.has(id)) {
      visitedNodes.add(id);
      unread.push(...wiringsOf(node));
      if (node.kind === 'repeat') needed.set(id, []);
    }
    const path = ref.join('.');
    if (node.kind === 'repeat' && !visitedPaths.has(path)) {
      visitedPaths.add(path);
      const parts = yieldsRead(node, fields);
      needed.get(id)?.push(...parts);
      unread.push(...parts);
    }
  }
  for (let wiring = unread.pop(); wiring; wiring = unread.pop()) references(wiring).forEach(visit);
  return needed;
}

/** All that the value of a node depends on, but for a loop's yields: those depend on who reads. */
function wiringsOf(node: PlanNode): Wiring[] {
  switch (node.kind) {
    case 'step':
      return node.when ? [node.when, node.input] : [node.input];
    case 'repeat':
      return [node.until, node.carry];
    case 'branch':
      return [node.when, node.then.yields, node.otherwise.yields];
    case 'map':
      return [node.over, node.yields];
  }
}

function yieldsRead(loop: RepeatNode, fields: readonly string[]): Wiring[] {
  const [name, ...rest] = fields;
  if (name === undefined) return Object.values(loop.yields);
  const wiring = Object.hasOwn(loop.yields, name) ? loop.yields[name] : undefined;
  return wiring ? [narrow(wiring, rest).wiring] : [];
}

function nodesById(nodes: readonly PlanNode[], found = new Map<string, PlanNode>()): Map<string, PlanNode> {
  for (const node of nodes) {
    found.set(node.id, node);
    if (node.kind === 'branch') {
      nodesById(node.then.nodes, found);
      nodesById(node.otherwise.nodes, found);
    } else if (node.kind !== 'step') nodesById(node.nodes, found);
  }
  return found;
}
