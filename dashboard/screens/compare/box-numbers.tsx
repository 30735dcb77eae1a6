/** A box by numbers, for whoever draws none: values across and up, as they are shown. */
import { type FormEvent, useId } from 'react';
import type { PageMetric } from '../../../src/evaluation/report/page-data.ts';
import type { Drawn } from './framed-chart.tsx';

interface BoxNumbersProps {
  readonly across: { readonly name: string; readonly metric: PageMetric };
  readonly up: { readonly name: string; readonly metric: PageMetric };
  readonly box: Drawn | null;
  readonly onBox: (box: Drawn | null) => void;
}

const ENDS = [
  ['across', 0, 'from'],
  ['across', 1, 'to'],
  ['up', 0, 'from'],
  ['up', 1, 'to'],
] as const;

export function BoxNumbers({ across, up, box, onBox }: BoxNumbersProps) {
  const id = useId();
  const axes = { across, up };
  const factor = (axis: 'across' | 'up') => (axes[axis].metric.format === 'share' ? 100 : 1);
  const take = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const ends = ENDS.map(([axis, end]) => {
      const text = String(form.get(`${axis} ${end}`));
      if (text === '') return end === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      return Number(text) / factor(axis);
    });
    const isNone = ends.every((end) => !Number.isFinite(end));
    onBox(isNone ? null : { across: [ends[0]!, ends[1]!], up: [ends[2]!, ends[3]!] });
  };
  const shown = (axis: 'across' | 'up', end: 0 | 1): string => {
    const value = box?.[axis][end];
    return value === undefined || !Number.isFinite(value) ? '' : String(Number((value * factor(axis)).toPrecision(4)));
  };
  return (
    <details>
      <summary>Box by numbers</summary>
      <form key={JSON.stringify(box)} className="bar bare box-numbers" onSubmit={take}>
        {ENDS.map(([axis, end, word]) => (
          <label key={`${axis} ${end}`} htmlFor={`${id} ${axis} ${end}`}>
            {axes[axis].name} {word}{' '}
            <input
              id={`${id} ${axis} ${end}`}
              name={`${axis} ${end}`}
              type="number"
              step="any"
              defaultValue={shown(axis, end)}
            />
          </label>
        ))}
        <button type="submit">Show only these</button>
      </form>
    </details>
  );
}
