/**
 * Whether everything that should go on does. Each check has two seconds; one that is still not answered from before is not
 * asked again; and what was found is kept for two seconds: whoever asks for health all the time asks nothing of the servers.
 */
import { SluiceError } from '../base/errors.ts';
import { CHECKS, type Checking, type Finding, type HealthParts } from './health-checks.ts';
import { oneAtATime } from './one-at-a-time.ts';

export type { HealthParts } from './health-checks.ts';

/** `degraded`: something stands still, and asking works. `down`: asking does not. */
export type HealthStatus = 'ok' | 'degraded' | 'down';

export interface HealthCheck extends Finding {
  readonly name: string;
}

export interface Health {
  /** The worst of its checks. */
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
}

export interface HealthLimits {
  /** For each check; default 2 s. */
  readonly limitMs?: number;
  /** How long a finding is kept; default 2 s. */
  readonly keptMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

const LIMIT_MS = 2_000;
const KEPT_MS = 2_000;
const STATUSES: readonly HealthStatus[] = ['ok', 'degraded', 'down'];
/** For whoever draws it: 0 is well. */
export const rankOf = (status: HealthStatus): number => STATUSES.indexOf(status);

/** Never rejects: what cannot be found out is a finding. */
export const healthOf = (parts: HealthParts, limits: HealthLimits = {}): Promise<Health> =>
  watchHealth(parts, limits)();

/** The same, for whoever asks again and again. */
export function watchHealth(parts: HealthParts, limits: HealthLimits = {}): () => Promise<Health> {
  const { limitMs = LIMIT_MS, keptMs = KEPT_MS, now = () => performance.now() } = limits;
  const checks = CHECKS.map((checking) => ({ name: checking.name, look: patiently(checking, parts, limitMs) }));
  const lookAll = async (): Promise<Health> => {
    const found = await Promise.all(checks.map(async ({ name, look }) => Object.freeze({ name, ...(await look()) })));
    const worst = Math.max(...found.map(({ status }) => rankOf(status)));
    return Object.freeze({ status: STATUSES[worst]!, checks: Object.freeze(found) });
  };
  let underWay: Promise<Health> | undefined;
  let kept: { readonly health: Health; readonly until: number } | undefined;
  const lookAndKeep = async (): Promise<Health> => {
    const health = await lookAll();
    kept = { health, until: now() + keptMs };
    underWay = undefined;
    return health;
  };
  return async () => {
    if (kept !== undefined && now() < kept.until) return kept.health;
    underWay ??= lookAndKeep();
    return underWay;
  };
}

/** A look that fails or takes too long is a finding, too. */
function patiently({ look, unknown }: Checking, parts: HealthParts, limitMs: number): () => Promise<Finding> {
  const ask = oneAtATime(
    () => look(parts).catch((error: unknown) => unknown(`it could not be looked at: ${codeOf(error)}`)),
    limitMs,
  );
  return async () => (await ask()) ?? unknown(`no answer within ${limitMs / 1_000} s`);
}

/** Messages name addresses, which health tells nobody. */
const codeOf = (error: unknown): string => (error instanceof SluiceError ? error.code : 'it failed');
