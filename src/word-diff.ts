/** What differs between two texts, word by word: the longest common run of words stays, the rest has gone or come. */
export interface Piece {
  readonly is: 'same' | 'gone' | 'come';
  readonly text: string;
}

/** Above this many words on a side, texts are shown whole, one after the other: the table would be too large. */
const MOST_WORDS = 2_000;

export function wordDiff(one: string, other: string): readonly Piece[] {
  if (one === other) return [{ is: 'same', text: one }];
  const [a, b] = [wordsOf(one), wordsOf(other)];
  if (a.length > MOST_WORDS || b.length > MOST_WORDS)
    return [
      { is: 'gone', text: one },
      { is: 'come', text: other },
    ];
  return joined(walk(a, b, lengths(a, b)));
}

const wordsOf = (text: string): readonly string[] => text.match(/\s+|[^\s]+/g) ?? [];

/** Of the longest common subsequence from each pair of places on (Wagner and Fischer, 1974). */
function lengths(a: readonly string[], b: readonly string[]): (i: number, j: number) => number {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      table[i * width + j] =
        a[i] === b[j]
          ? table[(i + 1) * width + j + 1]! + 1
          : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!);
  return (i, j) => table[i * width + j]!;
}

function walk(a: readonly string[], b: readonly string[], length: (i: number, j: number) => number): Piece[] {
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      pieces.push({ is: 'same', text: a[i]! });
      i += 1;
      j += 1;
    } else if (length(i + 1, j) >= length(i, j + 1)) pieces.push({ is: 'gone', text: a[i++]! });
    else pieces.push({ is: 'come', text: b[j++]! });
  }
  pieces.push({ is: 'gone', text: a.slice(i).join('') }, { is: 'come', text: b.slice(j).join('') });
  return pieces;
}

function joined(pieces: readonly Piece[]): readonly Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    if (piece.text === '') continue;
    const last = out.at(-1);
    if (last?.is === piece.is) out[out.length - 1] = { is: piece.is, text: last.text + piece.text };
    else out.push(piece);
  }
  return out;
}
