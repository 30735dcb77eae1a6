/** Wiring over one value that is there whole: the input of a request, or the output of a run. */
import type { Json, Wiring } from '../plan/plan.ts';
import { enter, evaluate, type From } from '../plan/resolve.ts';

/** Undefined where it comes to nothing. Every ref in it is into this value, whatever its first word. */
export function readWiring(wiring: Wiring, value: Json): Json | undefined {
  const resolved = evaluate(wiring, ([head, ...fields]) => {
    const found = enter(value, fields, head);
    return 'fault' in found ? undefined : found.value;
  });
  return 'fault' in resolved ? undefined : resolved.value;
}

/** A ref into a run's output. */
export const isOfOutput = (wiring: Wiring): wiring is Wiring & { readonly $from: From } =>
  '$from' in wiring && wiring.$from[0] === 'output';
