/** Review queues as the API gives them. */
import type { ApiAnswer } from '../../../src/contract/api.ts';
import type { ReviewItem, ReviewReport } from '../../../src/model/review-queue.ts';

export type QueueList = ApiAnswer<'listReviews'>;
export type ListedQueue = QueueList['queues'][number];

/** The report after somebody has reviewed, or passed, one item: until it is read again. */
export function withDone(report: ReviewReport, place: number, reviewer: string, done: ReviewItem | null): ReviewReport {
  const before = report.items.find((item) => item.place === place);
  const isNew = done === null || before?.isMine === false;
  const [reviews, passes] = done === null ? [0, 1] : [isNew ? 1 : 0, 0];
  const { progress } = report;
  const own = progress.byReviewer.find((each) => each.reviewer === reviewer) ?? { reviewer, reviews: 0, passes: 0 };
  const counted = { reviewer, reviews: own.reviews + reviews, passes: own.passes + passes };
  const others = progress.byReviewer.filter((each) => each.reviewer !== reviewer);
  return {
    ...report,
    items: report.items.map((item) =>
      item.place !== place ? item : summaryOf(done ?? { ...item, passes: item.passes + 1 }),
    ),
    progress: { ...progress, reviews: progress.reviews + reviews, byReviewer: [...others, counted] },
  };
}

const summaryOf = ({ place, subject, exampleId, state, reviews, passes, isMine }: ReviewReport['items'][number]) => ({
  ...{ place, subject, exampleId, state, reviews, passes, isMine },
});
