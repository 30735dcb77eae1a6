/** Options that the commands of review queues share, and what is made of them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CALIBRATION_LIMITS } from '../evaluation/calibration/limits.ts';
import { REVIEW_LIMITS, WINNERS, type Winner } from '../model/review-queue.ts';
import { positiveInteger } from './options.ts';
import { redactionOf } from './redacting.ts';
import type { Session } from './session.ts';
import { userName } from './who.ts';

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
  const [desk, redaction] = await Promise.all([import('../review/desk.ts'), redactionOf(session)]);
  return { desk, redaction, at: { queue, place, ...reviewerOf(session, options) } };
}

/** Who is at the queue, and who is at the command line. */
export function reviewerOf({ environment }: Pick<Session, 'environment'>, { as }: AsOptions) {
  const who = userName(environment);
  return { reviewer: as ?? who, who };
}
