/** The newest of what was made, by what it rests on: so many, of so many bytes together, for so long. */

export interface KeptLimits {
  readonly kept: number;
  readonly keptBytes: number;
  readonly keptMs: number;
}

export interface Made {
  readonly json: Uint8Array;
  /** On the dataset when it was made, this one included. */
  readonly comparisons: number;
}

export interface Kept {
  /** Undefined: there is none, or none that is young enough. */
  find(basis: string): Made | undefined;
  /** What is too large by itself is not kept. */
  put(basis: string, made: Made): void;
}

export function createKept({ kept, keptBytes, keptMs }: KeptLimits, clock: () => number): Kept {
  const all = new Map<string, { readonly made: Made; readonly at: number }>();
  let bytes = 0;
  const drop = (basis: string): void => {
    bytes -= all.get(basis)?.made.json.byteLength ?? 0;
    all.delete(basis);
  };
  return Object.freeze({
    find(basis) {
      const found = all.get(basis);
      if (found === undefined) return undefined;
      if (clock() - found.at < keptMs) {
        // The one that was asked for last goes last.
        all.delete(basis);
        all.set(basis, found);
        return found.made;
      }
      drop(basis);
      return undefined;
    },
    put(basis, made) {
      drop(basis);
      if (made.json.byteLength > keptBytes) return;
      all.set(basis, { made, at: clock() });
      bytes += made.json.byteLength;
      for (const oldest of all.keys()) {
        if (all.size <= kept && bytes <= keptBytes) return;
        drop(oldest);
      }
    },
  } satisfies Kept);
}
