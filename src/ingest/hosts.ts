/**
 * Hosts that pages may be read from. Ingestion is no crawler: lists are data, and workers run inside networks, so a
 * list must not reach hosts that the operator has not allowed. Default: only the worker's own machine.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { SluiceError } from '../base/errors.ts';

/** Besides the worker's own machine: `docs.example.com`, or `docs.example.com:8080` for one port. */
export type AllowedHosts = readonly string[];

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Not reachable from the Internet: https://www.iana.org/assignments/iana-ipv4-special-registry. */
const specialIpv4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  specialIpv4.addSubnet(network, prefix, 'ipv4');

/** All of IPv6 that is public, and the parts of it that are not, or that hold an IPv4 address (Teredo, 6to4). */
const globalIpv6 = new BlockList();
globalIpv6.addSubnet('2000::', 3, 'ipv6');
const specialIpv6 = new BlockList();
specialIpv6.addSubnet('2001::', 23, 'ipv6');
specialIpv6.addSubnet('2001:db8::', 32, 'ipv6');
specialIpv6.addSubnet('2002::', 16, 'ipv6');

function isPublic(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !specialIpv4.check(address, 'ipv4');
  return version === 6 && globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
}

/** Whether the address names a host that may be read. Its name alone: `resolveAllowed` checks its addresses. */
export function isAllowed(url: URL, allowed: AllowedHosts): boolean {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return isListed(url, allowed) || isThisMachine(url);
}

export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

const resolveHost: ResolveHost = (hostname) => lookup(hostname, { all: true });

interface AddressRules {
  readonly allowedHosts: AllowedHosts;
  /** False after a page of another machine: such a page must not redirect to this one, unless the setting lists it. */
  readonly mayBeLocal: boolean;
  readonly resolve?: ResolveHost | undefined;
}

/**
 * Resolves the host of an allowed address once, and checks every result. The caller connects to these results only: a
 * second resolution could give others. Undefined when one of them is refused.
 */
export async function resolveAllowed(url: URL, rules: AddressRules): Promise<readonly LookupAddress[] | undefined> {
  const { allowedHosts, mayBeLocal, resolve = resolveHost } = rules;
  if (!isAllowed(url, allowedHosts)) return undefined;
  const host = bare(url.hostname);
  const family = isIP(host);
  const listed = isListed(url, allowedHosts);
  if (family !== 0) return listed || mayBeLocal ? [{ address: host, family }] : undefined;
  const localName = isLoopbackName(host);
  if (localName && !listed && !mayBeLocal) return undefined;
  const found = await resolve(host);
  const isFine = ({ address }: LookupAddress) =>
    localName ? isLoopback(address) : isPublic(address) || isListed(withHost(url, address), allowedHosts);
  return found.length > 0 && found.every(isFine) ? found : undefined;
}

/** Whether the address is this machine's by its name, so that its pages may redirect to this machine. */
export const isThisMachine = ({ hostname }: URL) => isLoopbackName(hostname) || isLoopback(bare(hostname));

function withHost(url: URL, address: string): URL {
  const other = new URL(url.href);
  other.hostname = isIP(address) === 6 ? `[${address}]` : address;
  return other;
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
