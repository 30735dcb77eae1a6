/**
 * A repeat. A round is complete when `until` is known and so is what the output needs of the round; its readers see the
 * last complete one. A carry is needed only where another round is to follow: a failed carry ends the loop like a
 * broken next round would.
 */
import type { Json, RepeatNode } from '../plan.ts';
import { condition } from '../resolve.ts';
import type { WalkError } from './contract.ts';
import { errorOf, type LastRound, type NodeState, ownerOf } from './frame.ts';
import { blame } from './known.ts';
import { isMistake } from './mistakes.ts';
import { awaitWiring, awaitWirings, fail, openFrame, type Run, stopLater, succeedLoop } from './run.ts';

export function placeRepeat(run: Run, state: NodeState, node: RepeatNode): void {
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
