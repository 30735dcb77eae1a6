/** What was said of an item, for a terminal. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { shortJson } from '../base/format.ts';
import { CALIBRATION_LIMITS } from '../evaluation/calibration/agreement.ts';
import {
  type ItemTold,
  REVIEW_LIMITS,
  type Review,
  type ReviewItem,
  type ReviewQueue,
  WINNERS,
  type Winner,
} from '../model/review-queue.ts';
import { positiveInteger } from './options.ts';
import { redactionOf, type Session, userName } from './session.ts';
import { answerLines } from './show-run.ts';
import { beside, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';

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

/** Options that the commands of review queues share, and what is made of them. */
export const QUEUE = ['<name>', 'the name of a review queue'] as const;
export const PLACE = ['<place>', 'the number of an item in it, from 1', positiveInteger(REVIEW_LIMITS.items)] as const;

export interface AsOptions {
  readonly as?: string;
}

export interface SaidOptions {
  readonly set?: { readonly [field: string]: string };
  readonly winner?: Winner;
}

export const withReviewer = (command: Command, what = 'who reviews; default: you, as the system calls you'): Command =>
  command.option('--as <name>', what, personName);

function personName(text: string): string {
  const { raterLength } = CALIBRATION_LIMITS;
  if (/^[^\p{Cc}]*\S[^\p{Cc}]*$/u.test(text) && text.length <= raterLength) return text;
  throw new InvalidArgumentError(`give a name of 1 to ${raterLength} characters.`);
}

export function withSaid(command: Command): Command {
  return command
    .option('--set <field=value>', 'what holds in a field; once for each', fieldValue)
    .addOption(new Option('--winner <which>', 'of two answers, as they were shown').choices([...WINNERS]));
}

function fieldValue(text: string, before: SaidOptions['set'] = {}): SaidOptions['set'] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('give FIELD=VALUE, such as correct=true.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** What was said by options, as reviews are read. */
export const saidBy = ({ set, winner }: SaidOptions) => ({
  ...(set !== undefined && { value: set }),
  ...(winner !== undefined && { winner }),
});

/** The item that is meant, by whom it is come to, and the desk that takes what is said of it. */
export async function atDesk(session: Session, queue: string, place: number, options: AsOptions) {
  const [desk, redaction] = await Promise.all([import('../review/item.ts'), redactionOf(session)]);
  return { desk, redaction, at: { queue, place, ...reviewerOf(session, options) } };
}

/** Who is at the queue, and who is at the command line. */
export function reviewerOf({ environment }: Pick<Session, 'environment'>, { as }: AsOptions) {
  const who = userName(environment);
  return { reviewer: as ?? who, who };
}
