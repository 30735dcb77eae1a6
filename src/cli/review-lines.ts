/** What was said of an item, for a terminal. */

import { shortJson } from '../base/format.ts';
import type { ItemTold, Review, ReviewItem, ReviewQueue } from '../model/review-queue.ts';
import { answerLines } from './show-run.ts';
import { beside } from './side-by-side.ts';
import type { Terminal } from './terminal.ts';
import { wrap } from './text.ts';

/** Of a pair, who won; else each field. */
export function valueText({ kind }: Pick<ReviewQueue, 'kind'>, { value }: Pick<Review, 'value'>): string {
  if (kind === 'pair') return value.win === 1 ? 'the variant' : value.win === 0 ? 'the baseline' : 'neither';
  return Object.entries(value)
    .map(([field, given]) => `${field} ${given}`)
    .join(', ');
}

const noted = (note: string | null): string => (note === null ? '' : ` – ${note}`);

/** A line per person. */
export function saidLines(
  queue: Pick<ReviewQueue, 'kind'>,
  { reviews, passes, decision }: Pick<ItemTold, 'reviews' | 'passes' | 'decision'>,
): readonly string[] {
  return [
    ...reviews.map((review) => `${review.reviewer}: ${valueText(queue, review)}${noted(review.note)}`),
    ...passes.map(({ reviewer, why }) => `${reviewer} cannot judge it – ${why}`),
    ...(decision === null
      ? []
      : [`decided by ${decision.reviewer}: ${valueText(queue, decision)}${noted(decision.note)}`]),
  ];
}

export function showItemText(terminal: Terminal, queue: ReviewQueue, item: ReviewItem): void {
  const { colours, width, room } = terminal;
  const { place, exampleId, state, input, expected, answers, mine, minePassed, told } = item;
  const lines = (text: string): void => {
    for (const line of wrap(text, width)) terminal.print(line);
  };
  terminal.print(`${colours.bold(`${queue.name} ${place}`)} of ${queue.items} · ${exampleId} · ${state}`);
  if (queue.question !== null) lines(queue.question);
  terminal.print();
  terminal.print(colours.bold('input'));
  for (const line of answerLines(input, width)) terminal.print(line);
  if (expected !== null) {
    terminal.print(colours.bold('expected'));
    for (const line of answerLines(expected, width)) terminal.print(line);
  }
  const blocks = answers.map(({ title, output }, index) => ({
    heading: told === null ? title : `${title} (${told.variants[index]})`,
    lines: answerLines(output, Number.POSITIVE_INFINITY).map((line) => line.trimEnd()),
  }));
  for (const line of beside(blocks, Number.isFinite(room) ? room : width)) terminal.print(line);
  terminal.print();
  if (mine !== null) lines(`you said: ${mine.winner ?? valueText(queue, mine)}${noted(mine.note)}`);
  if (minePassed !== null) lines(`you cannot judge it – ${minePassed}`);
  if (told !== null) {
    for (const line of saidLines(queue, told)) lines(line);
    if (told.verdict !== null) lines(`'${queue.scorer}' itself: ${shortJson(told.verdict)}`);
  }
}
