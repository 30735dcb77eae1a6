/** Pieces of SQL, and of rows, that several statements of monitors share. */
import { SKIPPED, type SkipReason } from '../model/monitor-spec.ts';
import { nowSql } from './clock.ts';

const REASONS: { readonly [Why in SkipReason]: string } = {
  budget: 'its budget of the day was used up',
  queue: 'too many were waiting',
  stopped: 'the monitor was stopped',
};
export const skipError = (why: SkipReason): string => JSON.stringify({ code: SKIPPED[why], message: REASONS[why] });

/** SQL: the hour, and the day, of a moment. Everybody's are UTC's. */
export const hourSql = (param: string) => `date_trunc('hour', ${nowSql(param)}, 'UTC')`;
export const daySql = (param: string) => `to_char(${nowSql(param)} at time zone 'UTC', 'YYYY-MM-DD')`;
