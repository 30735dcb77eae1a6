/**
 * Citations in text that a model is still writing. `[3]` and `[1, 2]` outside of code are citations; those of numbers that
 * no passage has are kept out, with the space before them. Text comes in pieces that may break anywhere, so what could
 * still become a citation is held back until it is known.
 */

export interface CitedText {
  /** The next piece; gives what of the text is certain by now. */
  push(piece: string): string;
  /** The last of the text. */
  end(): string;
  /** Numbers that were cited, in the order of their first mention. */
  readonly cited: ReadonlySet<number>;
  /** Numbers that were cited and are none. */
  readonly unknown: ReadonlySet<number>;
}

/** What may not be looked at before the next piece: white space, the beginning of a citation, a run of back-ticks. */
const UNDECIDED = /(?:\s*(?:\[[\d,\s]{0,40})?|`+)$/;
const TOKEN = /(?<ticks>`+)|(?<gap>\n\s*\n)|(?<space>[ \t]*)\[(?<numbers>\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;
/** Shorter runs of back-ticks are code within a paragraph, and end with it. */
const FENCE = 3;

/** @param passages how many there are: numbers from 1 to that can be cited */
export function citedText(passages: number): CitedText {
  const cited = new Set<number>();
  const unknown = new Set<number>();
  let held = '';
  /** The length of the run of back-ticks that opened the code we are in; 0 outside. */
  let code = 0;

  function passTicks(length: number): void {
    if (code === 0) code = length;
    else if (code < FENCE ? length === code : length >= code) code = 0;
  }

  function cite(whole: string, space: string, list: string): string {
    const numbers = list.split(',').map(Number);
    if (numbers.includes(0)) return whole; // an index, not a citation
    const known = numbers.filter((n) => n <= passages);
    for (const n of numbers) (n <= passages ? cited : unknown).add(n);
    return known.length === 0 ? '' : `${space}${known.map((n) => `[${n}]`).join('')}`;
  }

  function pass(text: string): string {
    return text.replace(TOKEN, (...found) => {
      const whole = found[0] as string;
      const { ticks, gap, space = '', numbers = '' } = found.at(-1) as { readonly [name: string]: string | undefined };
      if (ticks !== undefined) passTicks(ticks.length);
      else if (gap !== undefined) code = code < FENCE ? 0 : code;
      else if (code === 0) return cite(whole, space, numbers);
      return whole;
    });
  }

  return {
    cited,
    unknown,
    push(piece) {
      const text = held + piece;
      const certain = text.length - UNDECIDED.exec(text)![0].length;
      held = text.slice(certain);
      return pass(text.slice(0, certain));
    },
    end() {
      const rest = held.trimEnd();
      held = '';
      return pass(rest);
    },
  };
}
