/** What somebody decides between reviewers, and the end of a queue. */

import type { Review } from '../model/review-queue.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { AtItem, QueueRow } from './reviews.ts';
import { auditSubject, findQueue } from './reviews-read.ts';
import { openQueue, unknownItem } from './reviews-review.ts';
import { storable } from './storable.ts';

interface Decision {
  readonly value: Review['value'];
  readonly note: string;
}

export function decideItem(database: Database, at: AtItem, said: Decision, now: Date | null): Promise<void> {
  return database.transaction(async (queries) => {
    const queue = await openQueue(queries, at.queue);
    const [item] = await queries.query<{ subject: string }>(
      'select subject from review_item where queue = $1 and place = $2',
      [at.queue, at.place],
    );
    if (item === undefined) throw unknownItem(queue, at.place);
    const [was] = await queries.query<Review>(
      `select value, note, by as reviewer, at from adjudication
       where (scorer, subject, pipeline, version) = ($1, $2, $3, $4)`,
      [queue.scorer, item.subject, queue.pipeline, queue.version],
    );
    const note = storable(said.note) as string;
    const isSame = was !== undefined && was.note === note && was.reviewer === at.by;
    if (isSame && canonicalJson(was.value) === canonicalJson(said.value)) return;
    await queries.query(
      `insert into adjudication (scorer, subject, pipeline, version, value, note, by, at)
       values ($1, $2, $3, $4, $5, $6, $7, ${nowSql('$8')})
       on conflict (scorer, subject, pipeline, version) do update
         set value = excluded.value, note = excluded.note, by = excluded.by, at = excluded.at`,
      [
        ...[queue.scorer, item.subject, queue.pipeline, queue.version],
        ...[canonicalJson(said.value), note, at.by, now],
      ],
    );
    await queries.query('update review_turn set claimed_until = null where queue = $1 and place = $2', [
      at.queue,
      at.place,
    ]);
    const change = { who: at.who ?? at.by, action: 'review.decide', subject: auditSubject(queue.name), why: note };
    const isNow: Json = { place: at.place, value: said.value };
    await writeAudit(queries, { ...change, was: was === undefined ? null : { value: was.value }, isNow }, now);
  });
}

export function closeQueue(
  database: Database,
  { queue: name, who, why }: { readonly queue: string; readonly who: string; readonly why: string },
  now: Date | null,
): Promise<QueueRow> {
  return database.transaction(async (queries) => {
    const { closedAt } = await findQueue(queries, name, { lock: true });
    if (closedAt === null) {
      await queries.query(`update review_queue set closed_at = ${nowSql('$2')} where name = $1`, [name, now]);
      const change = { who, action: 'review.close', subject: auditSubject(name), why };
      await writeAudit(queries, { ...change, was: { state: 'open' }, isNow: { state: 'closed' } }, now);
    }
    return findQueue(queries, name);
  });
}
