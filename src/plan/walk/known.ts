/**
 * Waiting for wiring: a reader is called when every ref of a wiring is known, or at the first that never will be. A ref
 * into a loop waits for the loop, and then only for what it reads of the last complete round: containers are no
 * barriers.
 */
import type { Json, Wiring } from '../plan.ts';
import { enter, evaluate, type From, narrow, type Resolved, references } from '../resolve.ts';
import { type Reader, read, readAll, type Settled } from './cell.ts';
import { errorOf, type Frame, type LastRound, lookUp, type Owner } from './frame.ts';

export type Known = Settled<Json | undefined>;

/** A wiring that comes to nothing is the fault of its owner, whose error it becomes. */
export function whenKnown(wiring: Wiring, frame: Frame, owner: Owner, reader: Reader<Json | undefined>): void {
  const refs = references(wiring);
  readAll(
    refs.map((ref) => (next: Reader<Json | undefined>) => readRef(ref, frame, owner, next)),
    (settled) => {
      if ('error' in settled) return reader(settled);
      const values = new Map(refs.map((ref, index) => [ref, settled.value[index]]));
      reader(
        blame(
          owner,
          evaluate(wiring, (ref) => values.get(ref)),
        ),
      );
    },
  );
}

/** As `whenKnown`, for several wirings at once. */
export function whenAllKnown(
  wirings: readonly Wiring[],
  frame: Frame,
  owner: Owner,
  reader: Reader<readonly (Json | undefined)[]>,
): void {
  readAll(
    wirings.map((wiring) => (next: Reader<Json | undefined>) => whenKnown(wiring, frame, owner, next)),
    reader,
  );
}

/** As `whenKnown`, for some fields of what is wired. */
function whenFieldsKnown(
  wiring: Wiring,
  fields: readonly string[],
  frame: Frame,
  owner: Owner,
  reader: Reader<Json | undefined>,
): void {
  const narrowed = narrow(wiring, fields);
  whenKnown(narrowed.wiring, frame, owner, (settled) => {
    reader('error' in settled ? settled : blame(owner, enter(settled.value, narrowed.fields, owner.node)));
  });
}

function readRef(ref: From, frame: Frame, owner: Owner, reader: Reader<Json | undefined>): void {
  const [name, ...fields] = ref;
  const source = lookUp(frame, name);
  if (!source) {
    reader({ error: errorOf(owner, 'WiringUnknown', `there is no '${name}' to read '${ref.join('.')}' from`) });
  } else if (source.kind === 'value') {
    read(source.cell, (settled) => {
      reader('error' in settled ? settled : blame(owner, enter(settled.value, fields, name)));
    });
  } else {
    read(source.cell, (settled) => {
      if ('error' in settled) return reader(settled);
      whenFieldsKnown(seenOutside(source.node.yields, settled.value), fields, settled.value.frame, owner, reader);
    });
  }
}

/** A loop as wiring: what it yields, to be read in its last round, and how many rounds there were. */
export function seenOutside(yields: { readonly [name: string]: Wiring }, last: LastRound): Wiring {
  return { $object: { ...yields, rounds: { $value: last.rounds } } };
}

/** A fault as the error of the node whose wiring it is in. */
export function blame<Value>(owner: Owner, resolved: Resolved<Value>): Settled<Value> {
  if (!('fault' in resolved)) return resolved;
  return { error: errorOf(owner, resolved.fault.code, resolved.fault.message) };
}
