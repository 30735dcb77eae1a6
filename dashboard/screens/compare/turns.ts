/**
 * What may wait is done one by one once the page has been painted: words and rows are read while pictures are still drawn,
 * and between two of them the page answers to whoever uses it.
 */
const waiting: (() => void)[] = [];
let isUnderWay = false;

/** @returns gives up the turn, if it has not come yet */
export function waitTurn(turn: () => void): () => void {
  waiting.push(turn);
  if (!isUnderWay) afterPaint();
  isUnderWay = true;
  return () => {
    const place = waiting.indexOf(turn);
    if (place >= 0) waiting.splice(place, 1);
  };
}

function afterPaint(): void {
  // A frame that is asked for is painted after the next one begins; a page that is not seen has none.
  requestAnimationFrame(() => setTimeout(next));
}

function next(): void {
  waiting.shift()?.();
  if (waiting.length > 0) afterPaint();
  else isUnderWay = false;
}
