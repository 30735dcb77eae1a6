/** Saved views of screens: a name and a filter, shared by all users. */

import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql, type TimedDatabase } from './bound.ts';

export interface SavedView {
  readonly screen: string;
  readonly name: string;
  readonly view: Json;
  readonly by: string;
  readonly at: number;
}

const MOST_VIEWS = 200;
const COLUMNS = 'screen, name, view, by, at';

export type Views = ReturnType<typeof createViews>;

export function createViews(database: TimedDatabase) {
  const list = (screen: string) =>
    database.query<SavedView>(`select ${COLUMNS} from saved_view where screen = $1 order by name limit ${MOST_VIEWS}`, [
      screen,
    ]);
  return Object.freeze({
    /** By name, at most 200. */
    list,
    /** In place of one of the same name. Audited. @throws SluiceError `views_full` */
    async save({ screen, name, view, by }: Omit<SavedView, 'at'>): Promise<SavedView> {
      const others = (await list(screen)).filter((each) => each.name !== name);
      if (others.length >= MOST_VIEWS) throw full(screen);
      return database.transaction(async (queries) => {
        const [was] = await queries.query<SavedView>(
          `select ${COLUMNS} from saved_view where screen = $1 and name = $2 for update`,
          [screen, name],
        );
        const [row] = await queries.query<SavedView>(
          `insert into saved_view (screen, name, view, by, at) values ($1, $2, $3, $4, ${nowSql('$5')})
           on conflict (screen, name) do update set view = excluded.view, by = excluded.by, at = excluded.at
           returning ${COLUMNS}`,
          [screen, name, JSON.stringify(view), by, database.now()],
        );
        const change = { who: by, action: 'view.save', subject: `${screen}/${name}`, why: 'saved' };
        await writeAudit(queries, { ...change, was: was?.view ?? null, isNow: view }, database.now());
        return row!;
      });
    },
    /** Audited; false where there was none. */
    remove: (screen: string, name: string, by: string): Promise<boolean> =>
      database.transaction(async (queries) => {
        const [was] = await queries.query<SavedView>(
          `delete from saved_view where screen = $1 and name = $2 returning ${COLUMNS}`,
          [screen, name],
        );
        if (was === undefined) return false;
        const change = { who: by, action: 'view.remove', subject: `${screen}/${name}`, why: 'removed' };
        await writeAudit(queries, { ...change, was: was.view, isNow: null }, database.now());
        return true;
      }),
  });
}

const full = (screen: string): SluiceError =>
  new SluiceError('views_full', {
    message: `there are ${MOST_VIEWS} views of ${screen} already`,
    remedy: 'remove one that nobody uses',
  });
