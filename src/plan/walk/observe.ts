/**
 * What scorers and metrics see of a finished run: wiring, read as the output's is, but never a fallback value.
 * `orElse` is a fallback for a missing value, so an unchanged copy of it is missing too: read from the node itself,
 * or through the yield of a loop, a branch or a map, a carry or an item. What a step made of a fallback value is real.
 */
import type { Json, Wiring } from '../plan.ts';
import { enter, evaluate, type From, narrow } from '../resolve.ts';
import { valueIn } from './agenda.ts';
import type { Missing, Observed } from './contract.ts';
import { type Frame, holderOf, type NodeState, seenOutside } from './frame.ts';

/** By frame and ref, so that long chains of yields are followed once. */
type Memo = Map<Frame, Map<string, Observed>>;

/** @param root the pipeline's own scope, of a run that has finished; undefined where that was never entered */
export function observe(wirings: readonly Wiring[], root: Frame | undefined): readonly Observed[] {
  const memo: Memo = new Map();
  return wirings.map((wiring) => {
    try {
      return see(wiring, root, memo);
    } catch {
      // An unchecked plan may nest deeper than the stack: the run's own result must not be lost for that.
      return { missing: 'WalkerFault', node: 'output' };
    }
  });
}

/** An optional value that is absent leaves its key out of an object, and is missing anywhere else. */
function see(wiring: Wiring, frame: Frame | undefined, memo: Memo): Observed {
  const missing: Missing[] = [];
  const absent: Missing[] = [];
  const resolved = evaluate(wiring, (ref) => {
    const seen = seeRef(ref, frame, memo);
    if ('value' in seen) return seen.value;
    (seen.missing === 'absent' ? absent : missing).push(seen);
    return undefined;
  });
  if (missing[0]) return missing[0];
  return 'fault' in resolved || resolved.value === undefined ? absent.at(-1)! : { value: resolved.value };
}

function seeRef(ref: From, frame: Frame | undefined, memo: Memo): Observed {
  const holder = holderOf(frame, ref[0]);
  if (!holder) return { missing: 'WiringUnknown', node: ref[0] };
  const path = JSON.stringify(ref);
  const seen = memo.get(holder) ?? new Map<string, Observed>();
  memo.set(holder, seen);
  const observed = seen.get(path) ?? seeSource(ref, holder, memo);
  seen.set(path, observed);
  return observed;
}

function seeSource([name, ...fields]: From, holder: Frame, memo: Memo): Observed {
  const state = stateOf(holder, name);
  return state ? seeNode(state, fields, memo) : seeLocal(name, fields, holder, memo);
}

function seeNode(state: NodeState, fields: readonly string[], memo: Memo): Observed {
  const { node, source, run } = state;
  switch (run?.outcome) {
    case 'completed':
    case 'fallback':
    case 'exhausted':
    case 'truncated':
      break;
    default:
      return { missing: run?.outcome ?? 'cancelled', node: node.id };
  }
  if (source.kind === 'loop') {
    const last = valueIn(source.cell)!;
    return seeFields(seenOutside(source.node.yields, last), fields, last.frame, node.id, memo);
  }
  if (state.arm) return seeFields(state.arm.yields, fields, state.scopes[0]!, node.id, memo);
  if (node.kind === 'map') {
    for (const item of state.scopes) {
      const seen = see(node.yields, item, memo);
      if ('missing' in seen) return seen;
    }
  }
  return entered(valueIn(source.cell), fields, node.id);
}

/** The run's input, and what a container hands its body: as real as what it was taken from. */
function seeLocal(name: string, fields: readonly string[], holder: Frame, memo: Memo): Observed {
  const owner = holder.parent && stateOf(holder.parent, name.split(':')[0]!);
  const source = holder.sources.get(name)!;
  if (owner?.node.kind === 'repeat') {
    const before = owner.scopes[owner.scopes.indexOf(holder) - 1];
    if (before) return seeFields(owner.node.carry, fields, before, owner.node.id, memo);
  }
  if (owner?.node.kind === 'map') {
    const over = see(owner.node.over, owner.frame, memo);
    if ('missing' in over) return over;
  }
  return entered(source.kind === 'value' ? valueIn(source.cell) : undefined, fields, name);
}

function seeFields(wiring: Wiring, fields: readonly string[], frame: Frame, name: string, memo: Memo): Observed {
  const narrowed = narrow(wiring, fields);
  const seen = see(narrowed.wiring, frame, memo);
  return 'value' in seen ? entered(seen.value, narrowed.fields, name) : seen;
}

function entered(whole: Json | undefined, fields: readonly string[], name: string): Observed {
  const resolved = enter(whole, fields, name);
  if ('fault' in resolved) return { missing: resolved.fault.code, node: name };
  return resolved.value === undefined ? { missing: 'absent', node: name } : { value: resolved.value };
}

const stateOf = (frame: Frame, id: string) => frame.states.find(({ node }) => node.id === id);
