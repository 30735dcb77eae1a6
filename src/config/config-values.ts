/** How single variables of the environment are read: what each kind of value looks like, and what is wrong with one that does not. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { type LimitRules, parseLimitRules } from '../model/limit-rules.ts';
import { PRICE_SETTINGS, type PriceRules, parseModelRules } from '../model/model-rules.ts';
import { type EncryptionKeys, parseEncryptionKeys } from './encryption-keys.ts';

export const port = z.coerce.number().int().min(1).max(65_535);
export const milliseconds = z.coerce.number().int().positive();
export const flag = z.enum(['0', '1', 'false', 'true']).transform((value) => value === '1' || value === 'true');
/** `docs.example.com, intranet:8080`. */
export const hosts = z
  .string()
  .max(10_000)
  .transform((list) => list.split(',').map((host) => host.trim().toLowerCase()))
  .pipe(z.array(z.string().regex(/^([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/, 'no host, or host:port')));

/** `https://app.example.com, http://localhost:3000`. */
export const origins = z
  .string()
  .max(10_000)
  .transform((list) => list.split(',').map((origin) => origin.trim()))
  .pipe(
    z.array(
      z.string().refine((origin) => URL.parse(origin)?.origin === origin, 'no origin, such as https://app.example.com'),
    ),
  );

/** `127.0.0.1, 10.0.0.0/8, fd00::/8`. */
export const proxies = z
  .string()
  .max(10_000)
  .transform((list) => list.split(',').map((network) => network.trim()))
  .pipe(z.array(z.string().refine(isNetwork, 'no address or network, such as 10.0.0.0/8')));

function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(prefix ?? 0) <= (version === 4 ? 32 : 128);
}

export const limits = z.string().transform((text, context): LimitRules => {
  const rules = parseLimitRules(text);
  if (!('problem' in rules)) return rules;
  context.addIssue({ code: 'custom', message: rules.problem });
  return z.NEVER;
});

export const encryptionKeys = z.string().transform((text, context): EncryptionKeys => {
  const keys = parseEncryptionKeys(text);
  if (!('problem' in keys)) return keys;
  context.addIssue({ code: 'custom', message: keys.problem });
  return z.NEVER;
});

/** What a parser gives, or the problem that it names. */
export const parsedBy = <T extends object>(parse: (text: string) => T | { readonly problem: string }) =>
  z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (!('problem' in parsed)) return parsed;
    context.addIssue({ code: 'custom', message: (parsed as { readonly problem: string }).problem });
    return z.NEVER;
  });

/** Keys have no place in an address: it is shown in logs and errors. */
export const httpAddress = z
  .url({ protocol: /^https?$/ })
  .refine((address) => !URL.parse(address)?.username, 'leave user and password out of the address');
/** What a header can carry. */
export const key = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,1000}$/, 'it is not a key: it has spaces or other characters');
export const prices = z.string().transform((text, context): PriceRules => {
  const rules = parseModelRules(text, PRICE_SETTINGS);
  if (!('problem' in rules)) return rules;
  context.addIssue(rules.problem);
  return z.NEVER;
});

/** `0.0.0.0:8090`, `[::1]:8090`. */
export const listen = z
  .string()
  .refine((address) => /:\d{1,5}$/.test(address) && URL.canParse(`http://${address}`), 'it is no host:port')
  .transform((address) => new URL(`http://${address}`))
  .transform(({ hostname, port }) => ({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }));
