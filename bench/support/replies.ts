/** What the documentation bot answers and declines, by its local steps, and what was asked of it. */
import { local } from '../../pipelines/docs-bot.ts';
import { Answer } from '../../src/model/step-schemas.ts';
import { wilson } from '../../src/stats/index.ts';
import type { InProcessHost } from './in-process.ts';
import type { QuestionRow } from './questions.ts';
import { pageOf } from './ranking.ts';
import type { Figure } from './report.ts';

export interface Reply {
  readonly id: string;
  readonly answerable: boolean;
  readonly oblique: boolean;
  readonly answered: boolean;
  /** Whether every sentence passed its check. */
  readonly passed: boolean;
  readonly citedPages: readonly string[];
  /** Answered, with a citation of a page that has a grade. */
  readonly citesGold: boolean;
}

/** @throws WalkFailed where the run fails */
export async function replyTo(host: InProcessHost, row: QuestionRow): Promise<Reply> {
  const { id, input, expected, relevant = {}, tags } = row;
  const { answered, passed, citations } = Answer.parse(await host.run(local.plan, { question: input.question }));
  const citedPages = [...new Set(citations.map(({ passageId }) => pageOf(passageId)))];
  return {
    id,
    answerable: expected.answerable,
    oblique: tags.includes('oblique'),
    answered,
    passed,
    citedPages,
    citesGold: answered && citedPages.some((page) => Object.hasOwn(relevant, page)),
  };
}

/** @param judged whether to hold the figures against what was asked: ten questions are too few for that */
export function replyFigures(replies: readonly Reply[], judged: boolean): readonly Figure[] {
  const answerable = replies.filter((each) => each.answerable);
  const unanswerable = replies.filter((each) => !each.answerable);
  const answers = answerable.filter(({ answered }) => answered);
  const oblique = answerable.filter((each) => each.oblique);
  const direct = answerable.filter((each) => !each.oblique);
  const isDeclined = ({ answered }: Reply) => !answered;
  const [most, few] = judged ? [{ atLeast: 75 }, { atMost: 10 }] : [];
  return [
    share('unanswerable, declined', unanswerable, isDeclined, most),
    share('answerable, declined', answerable, isDeclined, few),
    share('  of those that are oblique', oblique, isDeclined),
    share('  of the others', direct, isDeclined),
    share('answers that cite a page with gold', answers, ({ citesGold }) => citesGold),
    share('answers that passed their check', answers, ({ passed }) => passed),
  ];
}

/** A share in percent, with Wilson's 95 % interval in its name. */
function share(what: string, all: readonly Reply[], is: (reply: Reply) => boolean, asked?: Figure['asked']): Figure {
  const count = all.filter(is).length;
  const { lo, hi } = wilson(count, all.length, 0.05);
  const percent = (rate: number) => (rate * 100).toFixed(0);
  const interval = lo === null || hi === null ? '' : `, 95 % [${percent(lo)}, ${percent(hi)}]`;
  return {
    what: `${what} (${count} of ${all.length}${interval})`,
    value: all.length === 0 ? 0 : (count / all.length) * 100,
    unit: '%',
    ...(asked && { asked }),
  };
}
