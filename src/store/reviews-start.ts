/** Beginning a review queue: its row and its items, or none of them. */
import { randomUUID } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import { REVIEW_LIMITS } from '../model/review-queue.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import type { NewQueue, QueueRow } from './reviews.ts';
import { auditSubject, findQueue } from './reviews-read.ts';
import { storable } from './storable.ts';

export function startQueue(database: Database, queue: NewQueue, now: Date | null): Promise<QueueRow> {
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
      message: `there are ${REVIEW_LIMITS.queues.toLocaleString('en')} review queues already`,
      remedy: 'go on with one of them',
    });
  return new SluiceError('review_exists', {
    message: `there is a review queue '${name}' already`,
    remedy: 'give this one another name; what was begun does not change',
    data: { name },
  });
}
