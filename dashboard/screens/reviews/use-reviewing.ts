/** One expert at a queue: an item is claimed, reviewed, skipped or passed, and the next one is claimed; and the way back. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { requestPath } from '../../../src/contract/client.ts';
import type { ReviewItem, ReviewReport } from '../../../src/model/review-queue.ts';
import { ApiError, call, errorText } from '../../api.ts';
import { withDone } from '../../api-types.ts';
import { doneOf, dropDraft, keepDone } from './drafts.ts';
import type { Said } from './form.ts';
import type { NothingLeft } from './words.ts';

export type Stage =
  | { readonly is: 'reading' }
  | { readonly is: 'item'; readonly item: ReviewItem }
  | { readonly is: 'nothing'; readonly why: NothingLeft }
  | { readonly is: 'failed'; readonly error: ApiError };

export interface Reviewing {
  readonly stage: Stage;
  readonly reviewer: string;
  /** What the server has refused: what was filled in stays. */
  readonly trouble: string | undefined;
  /** Said aloud, where the page is read aloud. */
  readonly message: string;
  readonly isBusy: boolean;
  /** Whether there is something to go back to. */
  readonly mayGoBack: boolean;
  readonly submit: (said: Said, note: string) => void;
  readonly skip: () => void;
  /** Throws what the server has refused: whoever asked says it beside what was written. */
  readonly pass: (why: string) => Promise<void>;
  readonly back: () => void;
  readonly again: () => void;
}

interface Asked {
  readonly queue: string;
  /** How many it has. */
  readonly items: number;
  readonly reviewer: string;
  /** The place to begin at; undefined: the first that is open. */
  readonly first: number | undefined;
}

export function useReviewing({ queue, items, reviewer, first }: Asked): Reviewing {
  const of = { queue, reviewer };
  const queries = useQueryClient();
  const [stage, setStage] = useState<Stage>({ is: 'reading' });
  const [trouble, setTrouble] = useState<string>();
  const [message, setMessage] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [done, setDone] = useState(() => doneOf(sessionStorage, of));
  /** A key that is pressed twice does nothing twice: the state is a moment late for that. */
  const isAt = useRef(false);

  const alone = async (deed: () => Promise<void>) => {
    isAt.current = true;
    setBusy(true);
    setTrouble(undefined);
    try {
      await deed();
    } finally {
      isAt.current = false;
      setBusy(false);
    }
  };
  /** One thing at a time; what goes wrong is said beside what was filled in. */
  const once = async (deed: () => Promise<void>) => {
    if (!isAt.current) await alone(deed).catch((error: unknown) => setTrouble(errorText(error)));
  };

  const show = useCallback((item: ReviewItem) => setStage({ is: 'item', item }), []);
  const go = useCallback(
    async (words: string, after?: number) => {
      const next = await claimed(queue, after);
      if (next.item === null) setStage({ is: 'nothing', why: next.why });
      else show(next.item);
      const place = next.item?.place;
      setMessage([words, place === undefined ? '' : `Item ${place} of ${items}.`].filter(Boolean).join(' '));
      return next;
    },
    [queue, items, show],
  );

  const open = useCallback(async () => {
    setStage({ is: 'reading' });
    try {
      if (first === undefined) await go('');
      else show(await call('getReviewItem', { params: { name: queue, place: first } }));
    } catch (error) {
      setStage({ is: 'failed', error: asApiError(error) });
    }
  }, [queue, first, go, show]);
  useEffect(() => void open(), [open]);

  const item = stage.is === 'item' ? stage.item : null;
  const count = (place: number, reviewed: ReviewItem | null) =>
    queries.setQueryData<ReviewReport>(
      [requestPath('getReview', { params: { name: queue } })],
      (report) => report && withDone(report, place, reviewer, reviewed),
    );
  const remember = (places: readonly number[]) => {
    keepDone(sessionStorage, of, places);
    setDone(places);
  };

  const submit = (said: Said, note: string) =>
    void once(async () => {
      const { place } = item!;
      const body = { ...said, ...(note.trim() !== '' && { note: note.trim() }) };
      const reviewed = await call('giveReview', { params: { name: queue, place }, body });
      count(place, reviewed);
      dropDraft(sessionStorage, of, place);
      remember([...done.filter((each) => each !== place), place]);
      await follow('Saved.', place);
    });
  const pass = async (why: string) => {
    if (isAt.current) throw new ApiError(0, 'busy', 'something else is being saved', 'try again in a moment');
    await alone(async () => {
      const { place } = item!;
      await call('passReviewItem', { params: { name: queue, place }, body: { why } });
      count(place, null);
      dropDraft(sessionStorage, of, place);
      await follow('Kept that you cannot judge it.', place);
    });
  };
  /** What was sent is kept, whatever comes of the next one. */
  const follow = async (words: string, place: number) => {
    try {
      await go(words, place);
    } catch (error) {
      setStage({ is: 'failed', error: asApiError(error) });
    }
  };
  const skip = () =>
    void once(async () => {
      const { place, mine } = item!;
      // What was said before stays as it was said, whatever was changed of it since.
      if (mine !== null) dropDraft(sessionStorage, of, place);
      if (mine !== null) remember([...done.filter((each) => each !== place), place]);
      const next = await go(mine === null ? 'Skipped: it stays open.' : 'Nothing was changed.', place);
      if (next.item?.place === place) setMessage('This is the only one that is left for you.');
    });
  const back = () =>
    void once(async () => {
      const place = done.filter((each) => each !== item?.place).at(-1);
      if (place === undefined) return setMessage('There is nothing to go back to.');
      show(await call('getReviewItem', { params: { name: queue, place } }));
      // Further back goes on from there.
      remember(done.filter((each) => each !== place));
      setMessage(`Back at item ${place}: what you said of it can be changed.`);
    });

  return {
    ...{ stage, reviewer, trouble, message, isBusy, submit, skip, pass, back },
    mayGoBack: done.some((each) => each !== item?.place),
    again: () => void open(),
  };
}

/** Behind that place first, and then from the first: the server goes round. */
const claimed = (queue: string, after: number | undefined) =>
  call('claimReviewItem', { params: { name: queue }, body: { ...(after !== undefined && { after }) } });

const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError(0, 'unknown', String(error), 'reload the page');
