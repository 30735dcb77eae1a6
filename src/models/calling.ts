/** What is around every call to a provider: a call that was given up says so, and a broken connection has a name. */
import { StepFailure } from '../boundary/failure.ts';
import type { ProviderCall } from '../model/provider-call.ts';
import { providerFailure } from './failures.ts';
import { ReplyTooLarge } from './http.ts';
import { quote } from './quote.ts';
import type { Served } from './settings.ts';

/**
 * @param explain what the provider's own error means; undefined where it is none
 * @throws StepFailure; the signal's reason when it aborted, whatever the SDK makes of that
 */
export async function calling<T>(
  served: Served,
  { signal }: ProviderCall,
  work: () => Promise<T>,
  explain: (error: unknown) => StepFailure | undefined,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof StepFailure) throw error;
    throw explain(error) ?? connectionFailure(served, error) ?? error;
  }
}

/**
 * `calling`, for a call whose caller may have no limit of its own, such as a search from the command line.
 *
 * @param work is given the call with a signal that also aborts at the limit
 * @throws StepFailure `timeout` at the limit, and what `calling` throws
 */
export async function callingWithin<T>(
  limitMs: number,
  served: Served,
  call: ProviderCall,
  work: (call: ProviderCall) => Promise<T>,
  explain: (error: unknown) => StepFailure | undefined,
): Promise<T> {
  const limit = new AbortController();
  const tooLate = providerFailure('timeout', served, `did not answer within ${limitMs / 1_000} s`);
  const timer = setTimeout(() => limit.abort(tooLate), limitMs);
  const limited = { ...call, signal: AbortSignal.any([call.signal, limit.signal]) };
  try {
    return await calling(served, limited, () => work(limited), explain);
  } finally {
    clearTimeout(timer);
  }
}

const TIMED_OUT = /^(?:UND_ERR_.*TIMEOUT|ETIMEDOUT)$/;
const NETWORK = /^(?:UND_ERR_|E[A-Z]{3,}|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;
const FETCH_SAYS = /^(?:fetch failed|terminated|Connection error|Premature close)/;

/** Undefined where nothing of it is about the connection or what came over it. */
function connectionFailure(served: Served, error: unknown): StepFailure | undefined {
  const chain = chainOf(error);
  const tooLarge = chain.find((each) => each instanceof ReplyTooLarge);
  if (tooLarge) return providerFailure('output_malformed', served, `sent too much: ${tooLarge.message}`);
  if (chain.some((each) => each instanceof SyntaxError))
    return providerFailure('output_malformed', served, 'sent what is not JSON');
  const code = chain.map(({ code }) => code).find((each) => typeof each === 'string' && NETWORK.test(each));
  if (code === undefined && !chain.some(({ message }) => FETCH_SAYS.test(message))) return undefined;
  if (code !== undefined && TIMED_OUT.test(code))
    return providerFailure('timeout', served, `did not answer: ${code}`, { providerCode: code });
  const said = code ?? quote(chain.at(-1)?.message, served.key);
  return providerFailure('overloaded', served, `cannot be reached, or broke off: ${said}`, { providerCode: said });
}

/** Deep enough for the SDKs, which wrap the network's error twice. */
const MOST_CAUSES = 6;

function chainOf(error: unknown): readonly (Error & { code?: string })[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < MOST_CAUSES; each = each.cause) chain.push(each);
  return chain;
}
