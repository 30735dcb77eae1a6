/**
 * A step: when its condition holds and its input is known, its call is made. If that fails for good, help is sought in
 * the order of cost: the fallback's call, then the `orElse` value.
 */
import type { Json, StepNode, Wiring } from '../plan.ts';
import { condition } from '../resolve.ts';
import { CALL_CANCELLED, type CallRequest, type WalkError } from './contract.ts';
import { errorOf, type NodeState, ownerOf } from './frame.ts';
import { blame } from './known.ts';
import { callError, isMistake } from './mistakes.ts';
import { awaitWiring, fail, type Run, succeed } from './run.ts';

const ALWAYS: Wiring = { $value: true };

export function placeStep(run: Run, state: NodeState, node: StepNode): void {
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
