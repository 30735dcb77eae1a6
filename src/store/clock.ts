/**
 * Whose time counts for expiries. Normally the database's, so that no two machines' clocks are ever compared; a test
 * brings its own, in milliseconds since the epoch.
 */
export type Clock = () => number;

/** The SQL for "now", given the parameter that holds what `nowParam` returns. */
export const nowSql = (param: string): string => `coalesce(${param}::timestamptz, clock_timestamp())`;

export const nowParam = (clock: Clock | undefined): Date | null => (clock === undefined ? null : new Date(clock()));
