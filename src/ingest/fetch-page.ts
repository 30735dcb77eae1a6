/**
 * One page of a web server, with a limit to its size, its time and its redirects. A definite answer counts, be it the
 * page or that there is none; a server that does not answer, or says that it cannot now, is asked again and then is
 * `unavailable`: that says nothing about the page.
 */
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch, type Response } from 'undici';
import { contentHash, type SourceEntry } from './entries.ts';
import { isFittingId, limitOf, rawDocument, titleFromPath } from './file-document.ts';
import { type Format, formatOfPage } from './formats.ts';
import { type AllowedHosts, isThisMachine, type ResolveHost, resolveAllowed } from './hosts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { type Refusal, refused, type SkipReason, skip } from './skip.ts';

export interface Page {
  readonly kind: 'read';
  readonly bytes: Uint8Array;
  readonly format: Format;
  /** As its server says it. */
  readonly charset: string | undefined;
  /** Where it was found in the end. */
  readonly url: URL;
}

export interface FetchOptions {
  readonly allowedHosts: AllowedHosts;
  readonly signal?: AbortSignal | undefined;
  /** Default `INGEST_LIMITS.pageMs`. */
  readonly pageMs?: number;
  /** Before the second try; doubled for each further one. Default 250. */
  readonly retryMs?: number;
  /** Default: the system's resolver. */
  readonly resolve?: ResolveHost;
}

const RETRY_MS = 250;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Of the answers below 500, those that another time may be another. */
const TEMPORARY = new Set([408, 425, 429]);

/** Rejects only when `signal` aborts. */
export async function fetchPage(url: URL, options: FetchOptions): Promise<Page | Refusal> {
  const timeout = AbortSignal.timeout(options.pageMs ?? INGEST_LIMITS.pageMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let last = refused('unavailable', 'it was not asked for');
  for (let attempt = 1; attempt <= INGEST_LIMITS.pageTries && !timeout.aborted; attempt += 1) {
    try {
      if (attempt > 1) await delay((options.retryMs ?? RETRY_MS) * 2 ** (attempt - 2), undefined, { signal });
      const page = await follow(url, options, signal);
      if (page.kind === 'read' || page.reason !== 'unavailable') return page;
      last = page;
    } catch (error) {
      options.signal?.throwIfAborted();
      last = refused(
        'unavailable',
        timeout.aborted ? 'its server takes too long' : `its server is away (${causeOf(error)})`,
      );
    }
  }
  return last;
}

async function follow(
  start: URL,
  { allowedHosts, resolve }: FetchOptions,
  signal: AbortSignal,
): Promise<Page | Refusal> {
  let url = start;
  let mayBeLocal = true;
  for (let redirects = 0; redirects <= INGEST_LIMITS.pageRedirects; redirects += 1) {
    const addresses = await resolveAllowed(url, { allowedHosts, mayBeLocal, resolve });
    if (addresses === undefined) return hostRefusal(url);
    const answer = await request(url, addresses, signal);
    if (!('location' in answer)) return answer;
    const next = URL.parse(answer.location, url.href);
    if (next === null) return refused('not-found', `it redirects to '${answer.location}', which is no address`);
    mayBeLocal &&= isThisMachine(url);
    url = next;
  }
  return refused('not-found', `it redirects more than ${INGEST_LIMITS.pageRedirects} times`);
}

const hostRefusal = (url: URL) =>
  refused(
    'host-refused',
    `it leads to '${url.origin}', which is not this machine and not in SLUICE_INGEST_HOSTS, or has a private address that is not listed there`,
  );

/** Connects to one of `addresses` and to no other. */
async function request(
  url: URL,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
): Promise<Page | Refusal | { readonly location: string }> {
  const dispatcher = agentFor(addresses);
  const response = await fetch(url.href, { redirect: 'manual', signal, headers: { accept: ACCEPT }, dispatcher });
  const location = response.headers.get('location');
  if (!REDIRECTS.has(response.status) || location === null) return readAnswer(url, response);
  await response.body?.cancel();
  return { location };
}

/** By the addresses that they connect to, so that pages of one host share connections. */
const agents = new Map<string, Agent>();
const MOST_AGENTS = 100;

function agentFor(addresses: readonly LookupAddress[]): Agent {
  const key = addresses.map(({ address }) => address).join(' ');
  const known = agents.get(key);
  if (known !== undefined) return known;
  const agent = new Agent({ connect: { lookup: pinnedLookup(addresses) } });
  agents.set(key, agent);
  if (agents.size > MOST_AGENTS) {
    const [oldest, unused] = agents.entries().next().value!;
    agents.delete(oldest);
    // After the requests that it still has.
    unused.close().catch(() => undefined);
  }
  return agent;
}

const pinnedLookup =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first!.address, first!.family);
  };

const ACCEPT = 'text/html, text/markdown, text/plain, application/pdf, */*;q=0.5';

async function readAnswer(url: URL, response: Response): Promise<Page | Refusal> {
  const given = await readAccepted(url, response);
  // What is not read to its end would hold the connection.
  if (given.kind === 'refused' && response.body?.locked === false) await response.body.cancel();
  return given;
}

async function readAccepted(url: URL, response: Response): Promise<Page | Refusal> {
  const { status } = response;
  if (status >= 500 || TEMPORARY.has(status)) return refused('unavailable', `its server answers ${status}`);
  if (status === 404 || status === 410) return refused('not-found', `its server answers ${status}`);
  if (!response.ok) return refused('unreadable', `its server answers ${status}`);
  const contentType = response.headers.get('content-type') ?? '';
  const format = formatOfPage(contentType, url);
  if (format === undefined) return refused('unknown-format', `its type '${contentType}' is none that is read`);
  const limit = limitOf(format);
  const tooLarge = refused('too-large', `it has more than ${limit} bytes: split it`);
  if (Number(response.headers.get('content-length') ?? 0) > limit) return tooLarge;
  const bytes = await readBody(response, limit);
  if (bytes === undefined) return tooLarge;
  const charset = /;\s*charset\s*=\s*"?(?<name>[^";\s]+)/i.exec(contentType)?.groups?.name;
  return { kind: 'read', bytes, format, charset, url };
}

/** Undefined where it is larger: it is then left. A length that was announced is no promise. */
async function readBody(response: Response, limitBytes: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > limitBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** `fetch` says only that it failed; why, the error beneath says. */
function causeOf(error: unknown): string {
  const { cause, message } = error as Error & {
    readonly cause?: { readonly code?: string; readonly message?: string };
  };
  return cause?.code ?? cause?.message ?? message;
}

// A listed page as a source entry. Its bytes decide whether it changed, not its ETag: some servers send none, or a new
// one at every start. An unchanged page saves the parsing.

/** Its id is its address as it is listed; its url is where it was found. */
export async function readPageDocument(listed: URL, options: FetchOptions): Promise<SourceEntry> {
  const id = listed.href;
  const skipped = (reason: SkipReason, detail: string): SourceEntry =>
    reason === 'unavailable'
      ? { kind: 'skip', skip: skip(id, reason, `${detail}; what the index has of it stays as it is`), keep: id }
      : { kind: 'skip', skip: skip(id, reason, detail) };
  if (!isFittingId(id)) return skipped('bad-id', `its address has more than ${INGEST_LIMITS.idBytes} bytes`);
  const page = await fetchPage(listed, options);
  if (page.kind === 'refused') return skipped(page.reason, page.detail);
  const { bytes, format, charset, url } = page;
  const raw = rawDocument({ id, name: id, url: url.href, fallbackTitle: titleOf(url) }, format, bytes, charset);
  if ('kind' in raw) return skipped(raw.reason, raw.detail);
  const language = format.kind === 'code' ? format.language : '';
  const hash = contentHash([id, url.href, format.kind, language, charset ?? '', bytes]);
  return { kind: 'document', document: { raw, contentHash: hash } };
}

function titleOf(url: URL): string {
  const path = url.pathname.replace(/\/+$/, '');
  try {
    return titleFromPath(decodeURIComponent(path)) || url.host;
  } catch {
    // Not every `%` begins an escape.
    return titleFromPath(path) || url.host;
  }
}
