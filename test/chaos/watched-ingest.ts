/** An ingest as its killer sees it: what is in flight on which worker, by the server's word, and what is stored so far. */
import { setTimeout as delay } from 'node:timers/promises';
import type { IngestInput, IngestResult } from '../../src/model/ingest-messages.ts';
import { openDatabase } from '../../src/store/database.ts';
import { activitiesOf } from './histories.ts';
import type { Scene } from './scene.ts';
import { type Contents, contentsOf } from './snapshots.ts';

/** What the build holds at a moment. */
export interface Stored {
  readonly documents: number;
  readonly passages: number;
  /** Whether an embedding model was fitted and stored. */
  readonly isFitted: boolean;
  readonly vectors: number;
}

export interface WatchedIngest {
  readonly result: Promise<IngestResult>;
  /** Resolves with what is stored as soon as that, and the activities in flight on this worker, fulfil the condition. */
  until(
    what: string,
    pid: number,
    condition: (stored: Stored, inFlight: readonly string[]) => boolean,
  ): Promise<Stored>;
  stored(): Promise<Stored>;
  /** Types of the activities that the server knows to be in flight on this worker, dead or alive. */
  inFlight(pid: number): Promise<readonly string[]>;
  /** How many executions of activities were begun beyond the first of each. */
  repeats(): Promise<number>;
  /** What the index holds in the end. */
  contents(): Promise<Contents>;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 15;
const LOOK_LIMIT_MS = 60_000;
/** Of `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = 2;

export function watchIngest({ runtime, temporal, place, historyOf }: Scene, input: IngestInput): WatchedIngest {
  const database = openDatabase(place.databaseUrl, { poolSize: 1 });
  const result = runtime.client.ingest(input);
  result.catch(() => undefined); // told to whoever awaits it
  const workflowId = runtime.client.ingestId(input.index);

  const stored = async (): Promise<Stored> => {
    const [now] = await database.query<Stored>(
      `select (select count(*) from document where document.index_id = build.index_id and from_sequence = build)::int as documents,
              (select count(*) from passage where passage.index_id = build.index_id and from_sequence = build)::int as passages,
              embedding_no is not null as "isFitted",
              (select count(*) from passage_vector where passage_vector.embedding_no = build.embedding_no)::int as vectors
       from build join search_index using (index_id) where name = $1`,
      [input.index],
    );
    return now ?? { documents: 0, passages: 0, isFitted: false, vectors: 0 };
  };
  const inFlight = async (pid: number) => {
    // Not there in the first moments.
    const described = await temporal.workflow
      .getHandle(workflowId)
      .describe()
      .catch(() => undefined);
    return (described?.raw.pendingActivities ?? [])
      .filter(({ state, lastWorkerIdentity }) => state === STARTED && lastWorkerIdentity?.startsWith(`${pid}@`))
      .map(({ activityType }) => activityType!.name!);
  };
  return {
    result,
    stored,
    inFlight,
    async until(what, pid, condition) {
      const giveUpAt = Date.now() + LOOK_LIMIT_MS;
      for (;;) {
        const [now, running] = await Promise.all([stored(), inFlight(pid)]);
        if (condition(now, running)) return now;
        if (Date.now() > giveUpAt) throw new Error(`never came: ${what}; there is ${JSON.stringify(now)}, ${running}`);
        await delay(LOOK_EVERY_MS);
      }
    },
    async repeats() {
      const attempts = activitiesOf(await historyOf(workflowId)).map(({ attempt = 1 }) => attempt);
      return attempts.reduce((sum, attempt) => sum + attempt - 1, 0);
    },
    contents: () => contentsOf(database, input.index),
    close: () => database.close(),
  };
}
