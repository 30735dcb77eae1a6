/**
 * Which hosts pages may be read from. Ingestion is no crawler: a list of addresses is data, often made by a program, and
 * a worker stands inside a network; what it fetches for whoever wrote a list must not reach further than its operator
 * said. Without a word from the operator, that is the worker's own machine.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { SluiceError } from '../errors.ts';

/** Besides the worker's own machine: `docs.example.com`, or `docs.example.com:8080` for one port. */
export type AllowedHosts = readonly string[];

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether the address names a host that may be read. Its name alone: see `leadsHome` for where that name leads. */
export function isAllowed(url: URL, allowed: AllowedHosts): boolean {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return isListed(url, allowed) || isLoopbackName(url.hostname) || isLoopback(bare(url.hostname));
}

/** Whether an address that is allowed for being this machine's leads to it: a name is what the resolver makes of it. */
export async function leadsHome(url: URL, allowed: AllowedHosts): Promise<boolean> {
  if (isListed(url, allowed) || !isLoopbackName(url.hostname)) return true;
  const found = await lookup(url.hostname, { all: true });
  return found.every(({ address }) => isLoopback(address));
}

const isListed = ({ hostname, host, port, protocol }: URL, allowed: AllowedHosts) => {
  const withPort = port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
  return allowed.includes(hostname) || allowed.includes(withPort);
};

const isLoopbackName = (hostname: string) => /(^|\.)localhost\.?$/.test(hostname);
const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

function isLoopback(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && loopback.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** @param where the list's name and line */
export const hostRefused = (url: URL, where: string): SluiceError =>
  new SluiceError('source_host_refused', {
    message: `${where}: '${url.host}' is not this machine, and ingestion is no crawler: a list must not lead a worker to hosts that its operator did not name`,
    remedy: `save the pages and list the files, or let the worker read that host: SLUICE_INGEST_HOSTS=${url.host}`,
    data: { host: url.host, url: url.href },
  });
