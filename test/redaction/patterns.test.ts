/** Each built-in pattern: what it takes out of a sentence, and what looks alike and stays. */
import { describe, expect, test } from 'vitest';
import { createRedaction } from '../../src/redaction/redaction.ts';
import { NO_RULES, parsePatternNames } from '../../src/redaction/rules.ts';

const all = createRedaction({ ...NO_RULES, patterns: parsePatternNames('all') as readonly string[] });
const key = (prefix: string, characters: number) =>
  prefix + 'aB3dE5fG7h'.repeat(Math.ceil(characters / 10)).slice(0, characters);
const pem = (kind: string) =>
  `-----BEGIN ${kind}-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n'.repeat(3)}-----END ${kind}-----`;

/** `«…»` is what must go; all else must stay. */
const HITS: { readonly [pattern: string]: readonly string[] } = {
  'private-key': [
    `key: «${pem('PRIVATE KEY')}» end`,
    `«${pem('RSA PRIVATE KEY')}»`,
    `«${pem('OPENSSH PRIVATE KEY')}» «${pem('EC PRIVATE KEY')}»`,
    `«${pem('PGP PRIVATE KEY BLOCK')}»`,
    `cut: «-----BEGIN PRIVATE KEY-----\n${'A1b2C3d4'.repeat(8)}»`,
    `«${pem('PRIVATE KEY').replaceAll('\n', String.raw`\n`)}»`,
  ],
  'url-credentials': [
    'postgres://«admin:s3cr3t»@db.example.com:5432/app',
    'see https://«user:p%40ss»@host/x?y=1',
    'amqp://«u:p@ss»@host',
    'redis://«:pass»@host',
  ],
  jwt: ['token «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U» ok'],
  'api-key': [
    `use «${key('sk-', 48)}» here`,
    `«${key('sk-proj-', 60)}»`,
    `«${key('sk-ant-api03-', 60)}»`,
    `«${key('ghp_', 36)}», «${key('gho_', 36)}»`,
    `«${key('github_pat_', 60)}»`,
    'id «AKIAIOSFODNN7EXAMPLE».',
    `«${key('xoxb-123456789012-', 24)}»`,
    `«${key('AIza', 35)}»`,
    `«${key('sk_live_', 24)}» and «${key('rk_test_', 24)}»`,
    `«${key('glpat-', 20)}»`,
    `«${key('hf_', 34)}»`,
    `«${key('npm_', 36)}»`,
    `«SG.${key('', 22)}.${key('', 43)}»`,
  ],
  'bearer-token': [
    'curl -H "Authorization: Bearer «mF_9.B5f-4.1JqM»"',
    'bearer «abcdef0123456789»',
    'Authorization: Basic «QWxhZGRpbjpPcGVuU2VzYW1l1»',
  ],
  'assigned-secret': [
    'password=«hunter2»',
    'DB_PASSWORD=«correct-horse»',
    'api_key: «9f8e7d6c5b4a»',
    'aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1»',
    `"client_secret": "«abc def»"`,
    String.raw`{\"password\": \"«letmein»\"}`,
    `const apiKey = '«not-so-secret»';`,
    'https://x.example/cb?access_token=«a1b2c3d4e5»&state=1',
    'AccountKey=«Zm9vYmFyMTIz+/==»',
  ],
  email: [
    'mail «jo.doe+news@example.co.uk» now',
    '<«jörg@müller.example»>',
    "«o'brien@example.org».",
    'mailto:«a@b.co»?subject=x',
    'user=«jo%40example.com»',
  ],
  iban: [
    'to «DE89 3704 0044 0532 0130 00» by Monday',
    '«GB29NWBK60161331926819»',
    '«fr14 2004 1010 0505 0001 3M02 606»',
    '«NL91-ABNA-0417-1643-00»',
  ],
  'credit-card': [
    'card «4111 1111 1111 1111» exp 12/30',
    '«5500-0000-0000-0004»',
    '«378282246310005»',
    '«3782 822463 10005»',
    '12 «6011111111111117»',
    '«4222222222222»',
  ],
  'us-ssn': ['SSN «123-45-6789»', '«078 05 1120»'],
  phone: [
    'call «+49 170 1234567» or «+1 (415) 555-2671»',
    '«(415) 555-2671»',
    '«415-555-2671»',
    'Tel.: «030 12345678»',
    'phone number «0171/1234567»',
    '«+442079460958»',
  ],
  ip: [
    'from «203.0.113.9», port 80',
    '«10.1.2.3»:8080',
    '«2001:db8::ff00:42:8329»',
    '«fe80::1ff:fe23:4567:890a»',
    '«::ffff:192.0.2.128»',
  ],
};

describe.each(Object.entries(HITS))('%s', (name, texts) => {
  const only = createRedaction({ ...NO_RULES, patterns: [name] });
  test.each(texts)('%s', (marked) => {
    const text = marked.replace(/[«»]/g, '');
    const redacted = marked.replace(/«[^»]*»/g, `[redacted:${name}]`);
    expect(only.text(text)).toBe(redacted);
    expect(only.text(redacted)).toBe(redacted);
    for (const [, found] of marked.matchAll(/«([^»]*)»/g)) expect(all.text(text)).not.toContain(found);
  });
});

const NEAR = [
  // Order and product numbers, dates, times, amounts.
  'order 4111 1111 1111 1112, item 123-45-678, invoice 2024-000123',
  'ISBN 978-3-16-148410-0, EAN 4006381333931, SKU 12345678901234',
  'on 2024-05-01 at 10:30:45, for 1,234,567.89 EUR or 0.4111111111111111',
  'DE89 3704 0044 0532 0130 01 has a wrong check digit',
  'SSN 000-12-3456, 666-12-3456, 900-12-3456',
  'IDs 1234567890, 20240501123000 and 0x7fffffff',
  // Versions, hashes, ids.
  'version 10.15.7.2, v1.2.3.4, release 1.22.333.4444, Chrome/120.0.6099.129',
  'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'uuid 3f2504e0-4f89-11d3-9a0c-0305e82c3301, run-7d2f0a, plan 1a2b3c4d5e6f',
  'lodash@4.17.21, @types/node@24.19.2, actions/checkout@v4, logo@2x.png',
  // Code.
  'git clone git@github.com:org/repo.git && ssh git@host',
  'http://localhost:8080, http://127.0.0.1:3000/, 0.0.0.0, mask 255.255.255.0, ::1',
  'std::vector<int> a; use crate::cafe::beef; time 12:34:56',
  'const token = await getToken(user); let password = readPassword();',
  'apiKey: process.env.API_KEY, password: string; secret: z.string(), token?: string',
  `OPENAI_API_KEY=your-key-here, PASSWORD=\${DB_PASSWORD}, password=<password>, api_key="***"`,
  'max_tokens: 100000, tokens=512, the secret: be kind. password: required',
  'https://example.com/a:b@c is no login; ssh://git@host/repo',
  'a bearer of good news; the bearer responsibilities are large',
  'sk-learn, task-sk-1234, AKIA, ghp_short, eyJhbGciOiJIUzI1NiJ9',
  'x = +12345; y = 3 + 4915; f(+1)',
  'see [1], [2]; cites docs/guide.md#L10-L20; 50 % of 3.5 GB in 12 ms',
  '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----',
];

describe('near misses stay', () => {
  test.each(NEAR)('%s', (text) => {
    expect(all.text(text)).toBe(text);
  });
});
