/** Puts a node of an entered scope to work, by its kind: step, repeat, branch or map. */
import type { BranchNode, Json, MapNode, PlanNode, RepeatNode, StepNode, Wiring } from '../plan.ts';
import { condition, type Items, itemsOf } from '../resolve.ts';
import {
  BUDGET_EXCEEDED,
  CALL_CANCELLED,
  type CallRequest,
  EVALUATION_BUDGET,
  STEP_INPUT_INVALID,
  type WalkError,
} from './contract.ts';
import { blame, errorOf, type LastRound, type NodeState, type Owner, ownerOf } from './frame.ts';
import { awaitWiring, awaitWirings, fail, openFrame, type Run, stopLater, succeed, succeedLoop } from './run.ts';

export function place(run: Run, state: NodeState): void {
  const { node } = state;
  switch (node.kind) {
    case 'step':
      placeStep(run, state, node);
      break;
    case 'repeat':
      placeRepeat(run, state, node);
      break;
    case 'branch':
      placeBranch(run, state, node);
      break;
    case 'map':
      placeMap(run, state, node);
      break;
    default:
      throw new Error(`no node kind '${(node satisfies never as PlanNode).kind}'`);
  }
}

/*
 * A step: when its condition holds and its input is known, its call is made. If that fails for good, help is sought in the
 * order of cost: the fallback's call, then the `orElse` value.
 */

const ALWAYS: Wiring = { $value: true };

function placeStep(run: Run, state: NodeState, node: StepNode): void {
  awaitWiring(state, node.when ?? ALWAYS, state.frame, (known) => {
    if ('error' in known) return fail(run, state, known.error);
    const wanted = blame(ownerOf(state), condition(known.value, `'when' of '${node.id}'`));
    if ('error' in wanted) return fail(run, state, wanted.error);
    if (wanted.value) return awaitInput(run, state, node);
    succeed(run, state, 'skipped', node.orElse);
  });
}

function awaitInput(run: Run, state: NodeState, node: StepNode): void {
  awaitWiring(state, node.input, state.frame, (known) => {
    if ('error' in known) return fail(run, state, known.error);
    if (known.value === undefined) return fail(run, state, errorOf(ownerOf(state), 'WiringAbsent', 'it has no input'));
    const request = { node, key: state.key, input: known.value };
    run.agenda.start(() =>
      call(run, state, { ...request, call: 'step' }, (error) => {
        if (!node.fallback) return giveUp(run, state, node, error);
        run.agenda.start(() =>
          call(run, state, { ...request, call: 'fallback' }, (last) => giveUp(run, state, node, last), error),
        );
      }),
    );
  });
}

/** Makes one call. `help` is asked when it fails in a way that help may be sought for; `earlier` is what it helps. */
function call(
  run: Run,
  state: NodeState,
  request: Omit<CallRequest, 'signal'>,
  help: (error: WalkError) => void,
  earlier?: WalkError,
): void {
  if (state.run) return;
  state.call = request.call;
  state.abort = new AbortController();
  run.callsUnderWay += 1;
  const outcome = request.call === 'step' ? 'completed' : 'fallback';
  const ended = (then: () => void) => {
    run.callsUnderWay -= 1;
    run.agenda.spread(() => {
      if (!state.run) then();
    });
    run.agenda.drain();
  };
  execute(run, { ...request, signal: state.abort.signal }).then(
    (value) => ended(() => succeed(run, state, outcome, value, earlier)),
    (rejection) =>
      ended(() => {
        const error = callError(ownerOf(state), rejection);
        if (error.code === CALL_CANCELLED) run.cancel();
        else if (isMistake(error)) fail(run, state, error);
        else help(error);
      }),
  );
}

function giveUp(run: Run, state: NodeState, node: StepNode, error: WalkError): void {
  if (node.orElse === undefined) fail(run, state, error);
  else succeed(run, state, 'or-else', node.orElse, error);
}

/** A host that throws where it should reject is taken to have rejected. */
function execute(run: Run, request: CallRequest): Promise<Json> {
  try {
    return run.execute(request);
  } catch (error) {
    return Promise.reject(error);
  }
}

/*
 * A repeat. A round is complete when `until` is known and so is what the output needs of the round; its readers see the
 * last complete one. A carry is needed only where another round is to follow: a failed carry ends the loop like a broken
 * next round would.
 */

function placeRepeat(run: Run, state: NodeState, node: RepeatNode): void {
  enterRound(run, state, node, 1, node.start, undefined);
}

function enterRound(
  run: Run,
  state: NodeState,
  node: RepeatNode,
  round: number,
  carry: Json | undefined,
  last: LastRound | undefined,
): void {
  if (state.run) return;
  const local = { name: `${node.id}:carry`, value: carry };
  const inside = openFrame(run, node.nodes, state, `${state.frame.index}[${round}]`, local);
  const current: LastRound = { frame: inside, rounds: round };
  awaitWirings(state, [node.until, ...(run.neededYields.get(node.id) ?? [])], inside, (known) => {
    if ('error' in known) {
      stopLater(run, inside, known.error);
      return endEarly(run, state, node, last, known.error);
    }
    const done = blame(ownerOf(state), condition(known.value[0], `'until' of '${node.id}'`));
    if ('error' in done) return fail(run, state, done.error);
    if (done.value) return succeedLoop(run, state, 'completed', current);
    if (round === node.max) {
      const exhausted = errorOf(ownerOf(state), 'LoopExhausted', `not done in ${round} rounds`);
      return endEarly(run, state, node, current, exhausted);
    }
    awaitWiring(state, node.carry, inside, (next) => {
      if ('error' in next) return endEarly(run, state, node, current, next.error);
      run.agenda.spread(() => enterRound(run, state, node, round + 1, next.value, current));
    });
  });
}

/** The loop will have no further round: the last complete one stands, if there is one and the author allowed it. */
function endEarly(run: Run, state: NodeState, node: RepeatNode, last: LastRound | undefined, error: WalkError): void {
  const stands = last && node.whenExhausted === 'keep-last' && !isMistake(error);
  if (stands) succeedLoop(run, state, 'exhausted', last, error);
  else fail(run, state, error);
}

/* A branch waits for its condition alone, enters one arm, and is known as soon as that arm's yield is. */

function placeBranch(run: Run, state: NodeState, node: BranchNode): void {
  const { frame } = state;
  awaitWiring(state, node.when, frame, (known) => {
    if ('error' in known) return fail(run, state, known.error);
    const taken = blame(ownerOf(state), condition(known.value, `the condition of '${node.id}'`));
    if ('error' in taken) return fail(run, state, taken.error);
    const arm = taken.value ? node.then : node.otherwise;
    state.arm = arm;
    const inside = openFrame(run, arm.nodes, state, frame.index);
    awaitWiring(state, arm.yields, inside, (yielded) => {
      if ('error' in yielded) return fail(run, state, yielded.error);
      succeed(run, state, 'completed', yielded.value);
    });
  });
}

/*
 * A map: once its list is known, its items are entered in order, at most `concurrency` at a time, and their yields make a
 * list in that order. An item makes room for the next when its yield is known: a log inside it delays no other item.
 */

function placeMap(run: Run, state: NodeState, node: MapNode): void {
  awaitWiring(state, node.over, state.frame, (known) => {
    if ('error' in known) return fail(run, state, known.error);
    const items = blame(ownerOf(state), itemsOf(known.value));
    if ('error' in items) return fail(run, state, items.error);
    if (items.value.length > node.max && node.whenOver === 'fail') {
      const message = `${items.value.length} items, and 'max' is ${node.max}`;
      return fail(run, state, errorOf(ownerOf(state), 'MapTooLong', message));
    }
    mapItems(run, state, node, items.value);
  });
}

function mapItems(run: Run, state: NodeState, node: MapNode, items: Items): void {
  const { frame } = state;
  const count = Math.min(items.length, node.max);
  const outcome = items.length > node.max ? 'truncated' : 'completed';
  const yields = new Array<Json>(count);
  let entered = 0;
  let known = 0;

  function enterNext(): void {
    if (state.run || entered === count) return;
    const index = entered++;
    const local = { name: `${node.id}:item`, value: items.item(index) };
    const inside = openFrame(run, node.nodes, state, `${frame.index}[${index}]`, local);
    awaitWiring(state, node.yields, inside, (yielded) => {
      if ('error' in yielded) return fail(run, state, yielded.error);
      if (yielded.value === undefined) {
        return fail(run, state, errorOf(ownerOf(state), 'WiringAbsent', `the yield of item ${index} has no value`));
      }
      yields[index] = yielded.value;
      known += 1;
      if (known === count) succeed(run, state, outcome, yields);
      else run.agenda.spread(enterNext);
    });
  }
  if (count === 0) succeed(run, state, outcome, []);
  for (let place = 0; place < Math.min(node.concurrency, count); place++) enterNext();
}

/*
 * Failures by name. A mistake is a fault of the pipeline or of the data wired through it: no help (`fallback`, `orElse`,
 * `keep-last`) applies, since degrading would hide it for ever. Nor does it where the budget of the run, or of the
 * evaluation, is used up: the caller has said that the run is then to end.
 */

function isMistake(error: WalkError): boolean {
  switch (error.code) {
    case STEP_INPUT_INVALID:
    case BUDGET_EXCEEDED:
    case EVALUATION_BUDGET:
    case 'WiringUnknown':
    case 'WiringAbsent':
    case 'ConditionNotBoolean':
    case 'NotAList':
    case 'NeverReady':
      return true;
    default:
      return false;
  }
}

/** What a call was rejected with, as data. Hosts should reject with a `CallFailure`, but may reject with anything. */
function callError(owner: Owner, rejection: unknown): WalkError {
  const { code, message, details } = partsOf(rejection);
  return {
    ...errorOf(owner, typeof code === 'string' ? code : 'StepFailed', typeof message === 'string' ? message : 'failed'),
    ...(isDetails(details) && { details }),
    cause: rejection,
  };
}

function partsOf(rejection: unknown): { code?: unknown; message?: unknown; details?: unknown } {
  return typeof rejection === 'object' && rejection !== null ? rejection : { message: rejection };
}

function isDetails(details: unknown): details is NonNullable<WalkError['details']> {
  return typeof details === 'object' && details !== null && !Array.isArray(details);
}
