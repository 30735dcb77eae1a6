/** Review queues: created together with their items, found, and read with each item's reviews. */

import { randomUUID } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import { type Passed, REVIEW_LIMITS, type Review } from '../model/review-queue.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import type { NewQueue, QueueItem, QueueRow, ReviewedItem } from './reviews.ts';
import { storable } from './storable.ts';

const COLUMNS = `name, evaluation_id as "evaluationId", pipeline, scorer, version, kind, question, guidelines, fields, reviewers, items, seed,
  started_by as "startedBy", started_at as "startedAt", closed_at as "closedAt"`;

/** What the audit calls a queue: pipelines may have the same name. */
export const auditSubject = (name: string): string => `review:${name}`;

/** @throws SluiceError `review_unknown` with the nearest, as all that follow */
export async function findQueue(queries: Queries, name: string, { lock = false } = {}): Promise<QueueRow> {
  const [row] = await queries.query<QueueRow>(
    `select ${COLUMNS} from review_queue where name = $1 ${lock ? 'for update' : ''}`,
    [name],
  );
  if (row !== undefined) return row;
  const known = await queries.query<{ name: string }>('select name from review_queue order by started_at desc');
  throw new SluiceError('review_unknown', {
    message: `there is no review queue '${name}'`,
    remedy: suggest(
      name,
      known.map((each) => each.name),
      'none was begun yet; begin one: sluice review start',
    ),
    data: { name },
  });
}

/** The newest first, at most 20. */
export const listQueues = (queries: Queries): Promise<readonly QueueRow[]> =>
  queries.query<QueueRow>(
    `select ${COLUMNS} from review_queue order by started_at desc, name limit ${REVIEW_LIMITS.listed}`,
  );

type InQueue<Row> = Row & { readonly queue: string; readonly place: number };

interface Which {
  /** Of one item alone; null: all of them. */
  readonly place: number | null;
  /** Without notes, for counting. */
  readonly isBrief?: boolean;
}

async function saidOf(
  queries: Queries,
  queues: readonly string[],
  { place, isBrief = false }: Which,
): Promise<ReadonlyMap<string, readonly ReviewedItem[]>> {
  const read = <Row extends object>(columns: string, joined = '') =>
    queries.query<InQueue<Row>>(
      `select item.queue, item.place, ${columns} from review_item as item ${joined}
       where item.queue = any($1) and ($2::integer is null or item.place = $2) order by item.queue, item.place`,
      [queues, place],
    );
  // Looks labels up by the item's subject; in the other join order each label would scan all items.
  const ofSubject = (table: string): string =>
    `join review_queue on review_queue.name = item.queue
     cross join lateral (
       select * from ${table} as known
       where (known.scorer, known.subject, known.pipeline, known.version)
         = (review_queue.scorer, item.subject, review_queue.pipeline, review_queue.version) offset 0
     ) as entry`;
  const note = isBrief ? 'null as note' : 'note';
  const why = isBrief ? "case when passed is not null then '' end" : 'passed';
  const [items, labels, passes, decisions] = [
    await read<QueueItem>('subject, example_id as "exampleId", variant, repeat'),
    await read<Review>(`rater as reviewer, value, ${note}, labelled_at as at`, ofSubject('label')),
    await read<Passed>(`reviewer, ${why} as why, at`, 'join review_turn using (queue, place)'),
    await read<Review>(`by as reviewer, value, ${note}, at`, ofSubject('adjudication')),
  ];
  const reviews = byItem(labels);
  const passed = byItem(passes.filter(({ why }) => why !== null));
  const decided = byItem(decisions);
  const all = items.map(({ queue, ...item }) => {
    const key = keyOf({ queue, place: item.place });
    const records = {
      reviews: sorted(reviews.get(key)),
      passes: sorted(passed.get(key)),
      decision: decided.get(key)?.[0] ?? null,
    };
    return [queue, { ...item, ...records }] as const;
  });
  const grouped = Map.groupBy(all, ([queue]) => queue);
  return new Map([...grouped].map(([queue, own]) => [queue, own.map(([, item]) => item)]));
}

/** By place; one item alone, where its place is given. */
export async function itemsOfQueue(queries: Queries, queue: string, place?: number): Promise<readonly ReviewedItem[]> {
  return (await saidOf(queries, [queue], { place: place ?? null })).get(queue) ?? [];
}

/** Of several queues, by name; without notes, and without why items were passed. */
export const itemsOfQueues = (queries: Queries, queues: readonly string[]) =>
  saidOf(queries, queues, { place: null, isBrief: true });

const keyOf = ({ queue, place }: { readonly queue: string; readonly place: number }): string => `${place} ${queue}`;

function byItem<Row extends object>(rows: readonly InQueue<Row>[]): ReadonlyMap<string, Row[]> {
  const grouped = new Map<string, Row[]>();
  for (const { queue, place, ...row } of rows) {
    const key = keyOf({ queue, place });
    const own = grouped.get(key) ?? [];
    own.push(row as unknown as Row);
    grouped.set(key, own);
  }
  return grouped;
}

const sorted = <Row extends { readonly reviewer: string }>(rows: readonly Row[] = []): readonly Row[] =>
  [...rows].sort((one, other) => (one.reviewer < other.reviewer ? -1 : 1));

/** Audited. @throws SluiceError `review_exists`, `reviews_full` */
export function startQueue(database: TimedDatabase, queue: NewQueue): Promise<QueueRow> {
  const now = database.now();
  // Known before: the transaction may be made twice, and its second time finds what the first has made.
  const startId = randomUUID();
  return database.transaction(async (queries) => {
    const [made] = await insertQueue(queries, queue, startId, now);
    if (made === undefined) {
      const [known] = await queries.query<{ startId: string }>(
        'select start_id as "startId" from review_queue where name = $1',
        [queue.name],
      );
      if (known?.startId !== startId) throw await refusal(queries, queue.name);
      return findQueue(queries, queue.name);
    }
    await insertItems(queries, queue);
    const { evaluationId, scorer, kind, reviewers, startedBy, items, sampleSeed } = queue;
    const isNow: Json = { evaluationId, scorer, kind, reviewers, items: items.length, seed: sampleSeed };
    const change = {
      who: startedBy,
      action: 'review.start',
      subject: auditSubject(queue.name),
      was: null,
      why: 'begun',
    };
    await writeAudit(queries, { ...change, isNow }, now);
    return findQueue(queries, queue.name);
  });
}

function insertQueue(queries: Queries, queue: NewQueue, startId: string, now: Date | null) {
  const { name, evaluationId, pipeline, scorer, version, kind } = queue;
  const { question, guidelines, fields, reviewers, items, seed, startedBy } = queue;
  const text = (given: string | null): string | null => given && (storable(given) as string);
  return queries.query(
    `insert into review_queue (name, start_id, evaluation_id, pipeline, scorer, version, kind, question, guidelines,
       fields, reviewers, items, seed, started_by, started_at)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, ${nowSql('$15')}
     where (select count(*) from review_queue) < ${REVIEW_LIMITS.queues}
     on conflict do nothing returning name`,
    [
      ...[name, startId, evaluationId, pipeline, scorer, version, kind],
      ...[text(question), text(guidelines), JSON.stringify(fields)],
      ...[reviewers, items.length, seed, storable(startedBy), now],
    ],
  );
}

async function insertItems(queries: Queries, { name, items }: NewQueue): Promise<void> {
  await queries.query(
    `insert into review_item (queue, place, subject, example_id, variant, repeat)
     select $1, place, subject, example_id, variant, repeat
     from unnest($2::text[], $3::text[], $4::integer[], $5::integer[])
       with ordinality as given (subject, example_id, variant, repeat, place)`,
    [
      name,
      items.map(({ subject }) => subject),
      items.map(({ exampleId }) => exampleId),
      items.map(({ variant }) => variant),
      items.map(({ repeat }) => repeat),
    ],
  );
}

async function refusal(queries: Queries, name: string): Promise<SluiceError> {
  const [known] = await queries.query('select 1 from review_queue where name = $1', [name]);
  if (known === undefined)
    return new SluiceError('reviews_full', {
      message: `there are ${showWhole(REVIEW_LIMITS.queues)} review queues already`,
      remedy: 'go on with one of them',
    });
  return new SluiceError('review_exists', {
    message: `there is a review queue '${name}' already`,
    remedy: 'give this one another name; what was begun does not change',
    data: { name },
  });
}
