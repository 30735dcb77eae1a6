/** What `doctor` says of the providers of models: which have keys, and whether they answer. No key is read into a line. */
import type { Config } from '../config/config.ts';
import { type Finding, ok } from './finding.ts';
import type { Session } from './session.ts';

export function lookAtKeys(environment: Session['environment']): Finding {
  const [set, unset] = ['OPENAI_API_KEY', 'CO_API_KEY'].reduce<[string[], string[]]>(
    ([given, missing], name) => (environment[name] ? [[...given, name], missing] : [given, [...missing, name]]),
    [[], []],
  );
  const ownServer = ownServerOf(environment);
  if (set.length === 0 && ownServer === undefined)
    return ok(`none: local models need none (${unset.join(', ')} not set)`);
  return ok(
    [
      ...(set.length > 0 ? [`${set.join(', ')} set`] : []),
      ...(unset.length > 0 ? [`${unset.join(', ')} not set`] : []),
      ...(ownServer === undefined ? [] : [`openai/* models run at ${ownServer}`]),
    ].join('; '),
  );
}

/** The server that models named `openai/…` run at, and why; undefined where that is OpenAI's own. */
export function ownServerOf({ OPENAI_BASE_URL: url, OPENAI_API_KEY: key }: Session['environment']): string | undefined {
  return url ? `${url} (OPENAI_BASE_URL; ${key ? 'with OPENAI_API_KEY' : 'no key'})` : undefined;
}

/** @throws StepFailure what the call met */
export async function lookAtProvider(
  provider: keyof Config['providers'],
  { providers }: Config,
  signal: AbortSignal,
  limitMs: number,
): Promise<Finding> {
  const { probeProvider } = await import('../models/create-providers.ts');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const shown = await probeProvider(provider, providers, limit);
  if (shown === undefined) return ok('not asked: it has no key');
  return ok(`answers at ${providers[provider].baseUrl ?? 'its own address'} (${shown})`);
}
