/** How a benchmark says what it measured: a row per figure, with what was asked of it and whether it was met. */

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What was asked; absent: printed for comparison only. */
  readonly asked?: { readonly atMost: number } | { readonly atLeast: number };
}

/** Prints the figures; returns whether all that were asked are met. */
export function report(title: string, figures: readonly Figure[]): boolean {
  console.log(`\n${title}`);
  let met = true;
  for (const figure of figures) {
    const { what, value, unit, asked } = figure;
    const ok = isMet(figure);
    met &&= ok;
    const bound = asked && ('atMost' in asked ? `≤ ${asked.atMost}` : `≥ ${asked.atLeast}`);
    console.log(
      `  ${asked ? (ok ? '✔' : '✖') : ' '} ${what.padEnd(66)} ${show(value).padStart(9)} ${unit.padEnd(12)} ${bound ? `asked ${bound}` : ''}`,
    );
  }
  return met;
}

function isMet({ value, asked }: Figure): boolean {
  if (!asked) return true;
  return 'atMost' in asked ? value <= asked.atMost : value >= asked.atLeast;
}

const show = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
