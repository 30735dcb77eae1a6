import { describe, expect, test } from 'vitest';
import { LONGEST_TEXT } from '../../src/redaction/redact-text.ts';
import { createRedaction, NO_REDACTION } from '../../src/redaction/redaction.ts';
import { NO_RULES, parseFieldRules, type RedactionRules } from '../../src/redaction/rules.ts';

const by = (rules: Partial<RedactionRules>) => createRedaction({ ...NO_RULES, ...rules });
const fields = (text: string) => by({ fields: parseFieldRules(text) as RedactionRules['fields'] });
const emails = by({ patterns: ['email'] });

describe('values', () => {
  test('texts go at any depth; keys, numbers, booleans and null stay', () => {
    const value = { 'a@b.co': ['x a@b.co', { deep: 'a@b.co' }], n: 4111111111111111, ok: true, none: null };
    const redacted = {
      ...value,
      'a@b.co': ['x [redacted:email]', { deep: '[redacted:email]' }],
    };
    expect(emails.json(value)).toEqual(redacted);
    expect(emails.json(redacted)).toEqual(redacted);
    expect(NO_REDACTION.json(value)).toBe(value);
  });

  test('what passages and citations are known by stays, and nothing else of them', () => {
    const passage = { id: 'a@b.co/1', score: 0.5, text: 'a@b.co', title: 'of a@b.co' };
    expect(emails.json([passage, { n: 1, passageId: 'a@b.co/1', url: 'mailto:a@b.co' }, { id: 'a@b.co' }])).toEqual([
      { id: 'a@b.co/1', score: 0.5, text: '[redacted:email]', title: 'of [redacted:email]' },
      { n: 1, passageId: 'a@b.co/1', url: 'mailto:[redacted:email]' },
      { id: '[redacted:email]' },
    ]);
  });

  test('the text under the name of a secret goes, whatever it looks like', () => {
    const secrets = by({ patterns: ['assigned-secret'] });
    const value = { password: 'pelican', apiKey: 'x', db: { client_secret: 'y' }, token: 'the', pass: 'port' };
    expect(secrets.json(value)).toEqual({
      ...{ password: '[redacted:assigned-secret]', apiKey: '[redacted:assigned-secret]' },
      ...{ db: { client_secret: '[redacted:assigned-secret]' }, token: 'the', pass: 'port' },
    });
    expect(secrets.json(secrets.json(value))).toEqual(secrets.json(value));
  });
});

describe('fields', () => {
  const value = { ssn: '1', customers: [{ Email: 'e', name: 'n' }], email: 'own', a: { b: { ssn: 2 } } };

  test.each([
    ['ssn', { ...value, ssn: '[redacted]', a: { b: { ssn: '[redacted]' } } }],
    ['*.ssn', { ...value, a: { b: { ssn: '[redacted]' } } }],
    ['customers.email', { ...value, customers: [{ Email: '[redacted]', name: 'n' }] }],
    ['customers', { ...value, customers: [{ Email: '[redacted]', name: '[redacted]' }] }],
    ['a.ssn', value],
  ])('%s', (path, expected) => {
    expect(fields(path).json(value)).toEqual(expected);
    expect(fields(path).json(expected)).toEqual(expected);
  });
});

describe('patterns of a project', () => {
  const own = (name: string, source: string) => by({ custom: [[name, source]], patterns: ['email'] });

  test('come before the built-in ones, so that nothing of what they find is left', () => {
    expect(own('owner', 'owner: .*').text('x owner: a@b.co and Bob')).toBe('x [redacted:owner]');
  });

  test.each([
    ['\\w+', 'one two', '[redacted:word] [redacted:word]'],
    ['^x', 'xxx', '[redacted:word]xx'],
    ['[a-z]+\\]?', 'ab cd]', '[redacted:word] [redacted:word]'],
    ['.+', 'a [redacted:email] b', '[redacted:word]'],
  ])('find nothing in what is redacted: %s', (source, text, expected) => {
    const { text: redact } = by({ custom: [['word', source]] });
    expect(redact(text)).toBe(expected);
    expect(redact(expected)).toBe(expected);
  });

  // By an engine that goes back and tries again, this would outlast the test many times over.
  test('take time that grows with the text alone', () => {
    expect(own('slow', '(a+)+$').text(`${'a'.repeat(50_000)}!`)).toBe(`${'a'.repeat(50_000)}!`);
  });

  test('what only looks like a placeholder carries nothing out', () => {
    const card = by({ patterns: ['credit-card'] });
    expect(card.text('[redacted:4111111111111111]')).toBe('[redacted:[redacted:credit-card]]');
  });
});

test('a text that is too long to be searched goes whole', () => {
  expect(emails.text('x'.repeat(LONGEST_TEXT))).toHaveLength(LONGEST_TEXT);
  expect(emails.text('x'.repeat(LONGEST_TEXT + 1))).toBe('[redacted:too-long]');
});

// If each found span were compared with each placeholder, this would take minutes.
test('a text full of placeholders takes time that grows with its length alone', () => {
  const lines = 100_000;
  expect(emails.text('[redacted]! a@b.co '.repeat(lines))).toBe('[redacted]! [redacted:email] '.repeat(lines));
});
