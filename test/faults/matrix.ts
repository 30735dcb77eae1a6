/** Plays cells: several at once, except those whose fault would hold others up. */
import type { Cell } from './cells.ts';
import { type PlayedCell, playCell } from './play-cell.ts';
import type { Stage } from './stage.ts';

const AT_ONCE = 6;

/** @param onPlayed told of each as it ends */
export async function playCells(
  stage: Stage,
  cells: readonly Cell[],
  onPlayed: (played: PlayedCell) => void = () => undefined,
): Promise<readonly PlayedCell[]> {
  const played: PlayedCell[] = [];
  const play = async (queue: Cell[]) => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) {
      const each = await playCell(stage, cell);
      played.push(each);
      onPlayed(each);
    }
  };
  const together = cells.filter(({ fault }) => !fault.holdsOthers);
  const queue = [...together];
  await Promise.all(Array.from({ length: AT_ONCE }, () => play(queue)));
  await play(cells.filter(({ fault }) => fault.holdsOthers));
  return cells.map((cell) => played.find((each) => each.cell === cell)!);
}
