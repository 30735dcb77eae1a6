/** An experiment's part of its layer's hash space: parts of live experiments are disjoint, so that they exclude each other. */

import { SluiceError } from '../base/errors.ts';
import { showPercent } from '../base/format.ts';
import type { ExperimentRow } from './experiments.ts';

type Range = readonly [from: number, to: number];

/** What adding decimals as floats may lack: a thousandth of a part in a million. */
const SLACK = 1e-9;

/**
 * The first gap that is large enough; without a layer, the beginning of a space that it has to itself.
 *
 * @param live experiments on the same pipeline
 * @throws SluiceError `layer_full`, with the room there is
 */
export function rangeFor(
  { layer, share, name }: { readonly layer: string | null; readonly share: number; readonly name: string },
  live: readonly Pick<ExperimentRow, 'experimentId' | 'range' | 'spec'>[],
): Range {
  if (layer === null) return [0, share];
  const others = live.filter(({ spec }) => spec.layer === layer);
  const taken = others.map(({ range }) => range).sort(([a], [b]) => a - b);
  let [from, widest] = [0, 0];
  for (const [begins, ends] of [...taken, [1, 1] as const]) {
    const room = begins - from;
    if (room >= share - SLACK) return [from, Math.min(from + share, begins)];
    widest = Math.max(widest, room);
    from = Math.max(from, ends);
  }
  const experiments = others.map(({ experimentId }) => experimentId);
  throw new SluiceError('layer_full', {
    message: `layer '${layer}' has no room for '${name}', which wants ${showPercent(share)} of the units: ${showPercent(widest)} is free beside ${experiments.join(', ')}`,
    remedy:
      widest >= 0.001
        ? `give it a share of at most ${Math.floor(widest * 1_000) / 1_000}, or wait for one of them to end`
        : 'wait for one of them to end',
    data: { layer, share, room: widest, experiments },
  });
}
