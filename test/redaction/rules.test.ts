import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { describeRules, hasRules, rulesDigest } from '../../src/redaction/rules.ts';

const rulesOf = (environment: { readonly [name: string]: string }) => readConfig(environment).redaction;

describe('rules in the environment', () => {
  test('are off where none is named', () => {
    expect(hasRules(rulesOf({}))).toBe(false);
    expect([rulesDigest(rulesOf({})), describeRules(rulesOf({}))]).toEqual(['off', 'off']);
  });

  test('have one digest in whatever order they are written, and another where they differ', () => {
    const one = rulesOf({ SLUICE_REDACT: 'email, phone', SLUICE_REDACT_FIELDS: 'ssn,Customer.Email' });
    const same = rulesOf({ SLUICE_REDACT: 'phone,email,', SLUICE_REDACT_FIELDS: 'customer.email, ssn' });
    expect(rulesDigest(same)).toBe(rulesDigest(one));
    const others = [
      { SLUICE_REDACT: 'email' },
      { SLUICE_REDACT: 'all' },
      { SLUICE_REDACT_PATTERNS: '{"email-of-staff": "x"}' },
      { SLUICE_REDACT_PATTERNS: '{"email-of-staff": "y"}' },
    ].map((environment) => rulesDigest(rulesOf(environment)));
    expect(new Set([...others, rulesDigest(one)]).size).toBe(5);
  });

  test('are told in words, without what patterns look for', () => {
    const rules = rulesOf({
      SLUICE_REDACT: 'email',
      SLUICE_REDACT_FIELDS: '*.ssn',
      SLUICE_REDACT_PATTERNS: '{"staff": "EMP-[0-9]+"}',
    });
    expect(describeRules(rules)).toBe('email; fields *.ssn; own patterns staff');
    expect(describeRules(rulesOf({ SLUICE_REDACT: 'all' }))).toBe('all patterns');
  });

  test.each([
    ['SLUICE_REDACT', 'emails', "'emails' is no pattern; there are all, private-key"],
    ['SLUICE_REDACT_FIELDS', 'a..b', "'a..b' is no field"],
    ['SLUICE_REDACT_FIELDS', 'id', 'say of what, as in customer.id'],
    ['SLUICE_REDACT_FIELDS', 'a.*', 'names no field'],
    ['SLUICE_REDACT_FIELDS', Array.from({ length: 101 }, (_, n) => `f${n}`).join(','), '101 fields are named'],
    ['SLUICE_REDACT_PATTERNS', '{', 'it is not JSON'],
    ['SLUICE_REDACT_PATTERNS', '[]', 'not an object'],
    ['SLUICE_REDACT_PATTERNS', '{"Staff": "x"}', "'Staff': a name is of small letters"],
    ['SLUICE_REDACT_PATTERNS', '{"a": 1}', 'a pattern is a text'],
    ['SLUICE_REDACT_PATTERNS', '{"a": "(?=x)"}', 'without look-around and back-references'],
    ['SLUICE_REDACT_PATTERNS', '{"a": "(x"}', 'missing closing )'],
    ['SLUICE_REDACT_PATTERNS', '{"email": "x"}', 'a built-in pattern of this name'],
    ['SLUICE_RETENTION_DAYS', '0', 'SLUICE_RETENTION_DAYS'],
  ])('%s=%s is refused with what is wrong', (name, value, said) => {
    expect(() => readConfig({ [name]: value })).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    expect(() => readConfig({ [name]: value })).toThrow(said);
  });
});
