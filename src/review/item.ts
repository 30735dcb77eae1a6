/** An item as one reviewer is shown it: what there is to read, what they have said, and what leads nobody any more. */

import { type Contents, readContents } from '../evaluation/calibration/contents.ts';
import type { Cell } from '../model/evaluation-result.ts';
import type { ItemTold, ReviewItem, ShownAnswer } from '../model/review-queue.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { type ItemSaid, type QueueRow, unknownItem } from '../store/reviews.ts';
import type { Store } from '../store/store.ts';
import { isSwapped, winnerOf } from './order.ts';
import { summaryOf } from './report.ts';
import { isOver } from './state.ts';

export interface Looking {
  readonly reviewer: string;
  /** They may decide, and ask for what is hidden from reviewers. */
  readonly told?: boolean;
}

/** @throws SluiceError `review_unknown`, `review_item_unknown` */
export async function showItem(
  store: Pick<Store, 'reviews' | 'evaluations' | 'datasets'>,
  name: string,
  place: number,
  looking: Looking,
): Promise<ReviewItem> {
  const { queue, item } = await itemAt(store, name, place);
  const evaluation = await store.evaluations.get(queue.evaluationId);
  return itemFor({ queue, item, evaluation, contents: await readContents(store, evaluation, [item]) }, looking);
}

/** @throws SluiceError `review_unknown`, `review_item_unknown` */
export async function itemAt(
  { reviews }: Pick<Store, 'reviews'>,
  name: string,
  place: number,
): Promise<{ readonly queue: QueueRow; readonly item: ItemSaid }> {
  const queue = await reviews.get(name);
  const [item] = place > queue.items ? [] : await reviews.said(name, place);
  if (item === undefined) throw unknownItem(queue, place);
  return { queue, item };
}

interface ItemParts {
  readonly queue: QueueRow;
  readonly item: ItemSaid;
  readonly evaluation: Pick<EvaluationRow, 'spec'>;
  readonly contents: Contents;
}

function itemFor({ queue, item, evaluation, contents }: ItemParts, looking: Looking): ReviewItem {
  const { reviewer, told = false } = looking;
  const summary = summaryOf(queue, item, reviewer);
  const swapped = queue.kind === 'pair' && isSwapped(queue.seed, item.place, reviewer);
  // As they are shown; of a pair the baseline's is beside the variant's.
  const sides = queue.kind === 'pair' ? inOrder([0, item.variant], swapped) : [item.variant];
  const titles: readonly ShownAnswer['title'][] = queue.kind === 'pair' ? ['first', 'second'] : ['answer'];
  const example = contents.example(item);
  const mine = item.reviews.find((review) => review.reviewer === reviewer);
  const win = mine?.value.win;
  // Of a queue that is closed, too: another one may ask about the same.
  const isShown = told || isOver(summary.state);
  return Object.freeze({
    ...summary,
    input: example?.input ?? null,
    expected: example?.expected ?? null,
    answers: sides.map((variant, index) => ({
      title: titles[index]!,
      output: contents.row({ ...item, variant })?.output ?? null,
    })),
    mine:
      mine === undefined
        ? null
        : { ...mine, winner: queue.kind === 'pair' && typeof win === 'number' ? winnerOf(win, swapped) : null },
    minePassed: item.passes.find((pass) => pass.reviewer === reviewer)?.why ?? null,
    told: isShown
      ? toldOf(item, {
          verdict: verdictOf(contents.row(item)?.cells[queue.scorer], queue.kind, swapped),
          variants: sides.map((variant) => evaluation.spec.variants[variant]?.name ?? `variant ${variant}`),
          baseline: queue.kind === 'pair' ? (swapped ? 'second' : 'first') : null,
        })
      : null,
  });
}

const inOrder = (sides: readonly number[], swapped: boolean): readonly number[] =>
  swapped ? sides.toReversed() : sides;

function toldOf(
  { reviews, passes, decision }: ItemSaid,
  { verdict, ...shown }: Pick<ItemTold, 'verdict' | 'variants' | 'baseline'>,
): ItemTold {
  return { reviews, passes, verdict, ...shown, decision };
}

/**
 * A judge of pairs is asked twice, `forth` with the baseline first and `back` with the variant: what it said of the order
 * that is shown is told, or its "first" would be the other answer.
 */
function verdictOf(cell: Cell | undefined, kind: QueueRow['kind'], swapped: boolean): ItemTold['verdict'] {
  if (cell?.state !== 'done') return null;
  const { score, detail = {} } = cell;
  if (kind === 'fields') return { ...score, ...detail };
  const reason = (swapped ? detail.back : detail.forth) ?? detail.reason ?? null;
  return { ...score, ...(reason !== null && { reason }) };
}
