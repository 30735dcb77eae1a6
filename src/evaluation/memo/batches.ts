/**
 * Puts items that are asked for one by one into batches, without a timer: what has gathered is sent when an earlier batch
 * has come back. So an idle line adds no wait, and a busy one makes its own batches larger.
 */
export interface BatchOptions<Item, Result> {
  /** Answers in the order of the items. */
  readonly send: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Batches under way at once. */
  readonly atOnce: number;
  /** Items of one batch. */
  readonly mostItems: number;
  /** Of one batch, but for an item that is larger alone. Default: no limit, or items weigh nothing. */
  readonly mostWeight?: number;
  readonly weigh?: (item: Item) => number;
}

interface Waiting<Item, Result> extends PromiseWithResolvers<Result> {
  readonly item: Item;
}

/** A function that gives an item to the next batch, and resolves with its result or rejects as its batch did. */
export function createBatches<Item, Result>(options: BatchOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { send, atOnce, mostItems, mostWeight = Number.POSITIVE_INFINITY, weigh = () => 0 } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let underWay = 0;
  let isDue = false;

  function take(): Waiting<Item, Result>[] {
    let weight = 0;
    const isBeyond = ({ item }: Waiting<Item, Result>, place: number) => {
      weight += weigh(item);
      return place >= mostItems || (place > 0 && weight > mostWeight);
    };
    const end = waiting.findIndex(isBeyond);
    const batch = end === -1 ? waiting : waiting.slice(0, end);
    waiting = waiting.slice(batch.length);
    return batch;
  }

  function sendDue(): void {
    isDue = false;
    while (waiting.length > 0 && underWay < atOnce) {
      underWay += 1;
      void deliver(take(), send).finally(() => {
        underWay -= 1;
        sendDue();
      });
    }
  }

  return (item) => {
    const promise = Promise.withResolvers<Result>();
    waiting.push({ item, ...promise });
    // Not at once: what is asked for in one go belongs together.
    if (!isDue) queueMicrotask(sendDue);
    isDue = true;
    return promise.promise;
  };
}

async function deliver<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
  send: BatchOptions<Item, Result>['send'],
): Promise<void> {
  try {
    const results = await send(batch.map(({ item }) => item));
    for (const [place, { resolve }] of batch.entries()) resolve(results[place]!);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
