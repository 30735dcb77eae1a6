/** Plays one cell: the fault is set for the requests of one question, the question is asked, and both sides are compared. */
import type { RunResult } from '../../src/client/run-result.ts';
import type { Cell, Expected } from './cells.ts';
import { hurriedBot } from './hurried-bot.ts';
import { type Account, accountOf } from './money.ts';
import { providerOf, requestsOf } from './places.ts';
import type { Stage } from './stage.ts';

export interface PlayedCell {
  readonly cell: Cell;
  readonly seen: Expected;
  readonly seconds: number;
  /** What the caller is told of it. */
  readonly message: string | null;
  readonly account: Account;
  /** What is not as expected; empty where all is. */
  readonly missed: readonly string[];
}

/** As the documents say it, so that a check by words finds it answered. */
const questionOf = (mark: string): string =>
  `Within how many days of the return of the goods is a refund paid ${mark}?`;

export async function playCell({ standIn, runtime }: Stage, cell: Cell): Promise<PlayedCell> {
  const { fault, place, lasts, mark, expected } = cell;
  for (const model of place.models)
    await standIn.fault(fault.fault[providerOf(model)], {
      ...requestsOf(model, mark),
      times: lasts === 'once' ? 1 : 'always',
    });
  const startedAt = performance.now();
  const result = await runtime.client.run(hurriedBot, { question: questionOf(mark) });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { seen, message } = seenBy(result, cell);
  const account = accountOf(result, await standIn.requests({ contains: mark }));
  const missed = [
    ...(Object.keys(expected) as (keyof Expected)[])
      .filter((part) => seen[part] !== expected[part])
      .map((part) => `${part}: ${seen[part]}, expected ${expected[part]}`),
    ...(seen.code !== null && !message ? ['an error without a message'] : []),
    ...account.problems,
  ];
  return { cell, seen, seconds, message, account, missed };
}

function seenBy({ outcome, output, nodes, error: whole }: RunResult, { place }: Cell) {
  const node = nodes.find(({ key }) => key === place.key);
  const error = outcome === 'failed' ? whole : node?.error;
  const seen: Expected = {
    outcome: outcome as Expected['outcome'],
    isAnswered: (output as { readonly answered?: boolean } | null)?.answered === true,
    attempts: node?.attempts ?? 0,
    code: error?.code ?? null,
  };
  return { seen, message: error?.message ?? null };
}
