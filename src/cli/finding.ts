/** What a check of `doctor` found, and what mends it where that is not well. */

export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly remedy?: string;
  /** What was tried, as `host:port`, or the folder of a Unix socket. */
  readonly tried?: readonly string[];
}

export type Finding = Omit<Check, 'name'>;

export const ok = (found: string): Finding => ({ status: 'ok', found });
export const warn = (found: string, remedy: string): Finding => ({ status: 'warn', found, remedy });
export const fail = (found: string, remedy: string): Finding => ({ status: 'fail', found, remedy });

/** The finding, with the addresses that were tried: its text begins with them. */
export const triedAt = (tried: readonly string[], finding: Finding): Finding => ({
  ...finding,
  found: `${tried.join(', ')}: ${finding.found}`,
  tried,
});
