/** Secrets and personal data in the forms that word processors, keyboards and chat programs give them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalise } from '../../src/redaction/redact-text.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';
import { NO_RULES, parseFieldRules, parsePatternNames, type RedactionRules } from '../../src/redaction/rules.ts';

const patterns = parsePatternNames('all') as readonly string[];
const all = createRedaction({ ...NO_RULES, patterns });

/** `«…»` is what must go; all else must stay as it was written, marks and spaces included. */
const WRITTEN: readonly [name: string, marked: string][] = [
  ['no-break spaces', 'card «4111\u00a01111\u00a01111\u00a01111» ok'],
  ['narrow no-break spaces', 'ruf «+49\u202f170\u202f1234567» an'],
  ['figure spaces', 'to «DE89\u20073704\u20070044\u20070532\u20070130\u200700» by'],
  ['zero-width spaces', 'mail «jo\u200b.doe\u200b@exam\u200bple.org» now'],
  ['zero-width joiners', 'card «4111\u200d1111\u200d1111\u200d1111» ok'],
  ['word joiners and marks of direction', 'from «203.\u20600.\u200e113.9», port 80'],
  ['soft hyphens', 'mail «zin\u00adnia@ex\u00adample.org» now'],
  ['hyphens of typography', 'SSN «123\u201045\u20106789»'],
  ['no-break hyphens', 'SSN «123\u201145\u20116789»'],
  ['en dashes', 'call «415\u2013555\u20132671» now'],
  ['minus signs', 'call «415\u2212555\u22122671» now'],
  ['figure dashes', 'call «415\u2012555\u20122671» now'],
  ['full-width digits', 'card «４１１１１１１１１１１１１１１１» ok'],
  ['Arabic-Indic digits', 'card «٤١١١١١١١١١١١١١١١» ok'],
  ['Persian digits', 'call «+۴۹ ۱۷۰ ۱۲۳۴۵۶۷» ok'],
  ['Devanagari digits', 'SSN «१२३-४५-६७८९»'],
  ['mathematical digits', 'card «𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏» ok'],
  ['digits on keys', `SSN «${[...'123'].map((digit) => `${digit}\ufe0f\u20e3`).join('')}-45-6789»`],
  ['underlined characters', `SSN «${[...'123-45-6789'].map((each) => `${each}\u0332`).join('')}» ok`],
  ['struck-through letters', `mail «${[...'jo@example.org'].map((each) => `${each}\u0336`).join('')}» ok`],
  ['more marks than a letter takes', `card «4${'\u0301'.repeat(100)}111 1111 1111 1111» ok`],
  ['digits in circles', 'card «④❶➀➊⓵①①①①①①①①①①①» ok'],
  ['digits with brackets and full stops', 'card «⑷⑴⑴⑴ ⒈⒈⒈⒈ 1111 1111» ok'],
  ['control characters', 'card «4111\u00001111\b1111\u00801111» ok'],
  ['marks of annotations', 'card «4111\ufff91111\ufffb1111\ufffc1111» ok'],
  ['blank Braille patterns', 'card «4111\u28001111\u28001111\u28001111» ok'],
  ['Japanese long vowel marks', 'call «415ー555ー2671», ok'],
  ['box drawings', 'SSN «123─45─6789»'],
  ['full-width letters and signs', 'mail «ｊｏ＠ｅｘａｍｐｌｅ．ｏｒｇ» now'],
  ['letters with separate marks', 'mail «jo\u0308rg@mu\u0308ller.example» now'],
  ['an assignment by full-width signs', 'ｐａｓｓｗｏｒｄ＝«hunter22»'],
  ['a prefix with a zero-width space', `use «gh\u200bp_${'aB3dE5fG7h'.repeat(3)}aB3dE5» here`],
];

describe('a text is matched in its normalised form, and only what is found is replaced', () => {
  test.each(WRITTEN)('%s', (_, marked) => {
    const redacted = all.text(marked.replace(/[«»]/g, ''));
    const [before, after] = [marked.slice(0, marked.indexOf('«')), marked.slice(marked.indexOf('»') + 1)];
    expect(redacted.replace(/\[redacted:[a-z-]+\]/, '«»')).toBe(`${before}«»${after}`);
    expect(all.text(redacted)).toBe(redacted);
  });

  test('what is not found stays as it was written', () => {
    const text = 'Ｆull\u00a0width ①②③ – “naïve” cafe\u0301 ﬁne … ½ 日本語\u200b の 10–20 €\u2028x²';
    expect(all.text(text)).toBe(text);
  });

  test('a pattern of a project that names a character is matched with the text as it was written', () => {
    const own = createRedaction({ ...NO_RULES, custom: [['case', '№ ?[0-9]+']] });
    expect(own.text('see № 77 and № ７７')).toBe('see [redacted:case] and № ７７');
    const plain = createRedaction({ ...NO_RULES, custom: [['case', 'No ?[0-9]+']] });
    expect(plain.text('see № 77 and №７７')).toBe('see [redacted:case] and [redacted:case]');
  });

  test('names of fields are normalised as well', () => {
    const fields = parseFieldRules('customer.ssn') as RedactionRules['fields'];
    const redaction = createRedaction({ ...NO_RULES, fields, patterns: ['assigned-secret'] });
    expect(redaction.json({ customer: { ｓｓｎ: '1', 'pass\u200bword': 'pelican' } })).toEqual({
      customer: { ｓｓｎ: '[redacted]', 'pass\u200bword': '[redacted:assigned-secret]' },
    });
  });
});

const character = fc.oneof(
  fc.constantFrom(...'a1-@. \u00a0\u200b\u2011\u0301٤４ﬁ½𝟒é日\ufe0f\u20e3\u00ad\ufdfa'.match(/./gu)!),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
);
const someText = fc.array(character, { maxLength: 40 }).map((parts) => parts.join(''));

describe('normalise', () => {
  test('gives one form of each digit, hyphen and space, and drops what is not seen', () => {
    expect(normalise('٤４\u00a0\u2011\u200bﬁ')?.text).toBe('44 -fi');
    expect(normalise('plain, and jörg 日本語')).toBeUndefined();
    expect(normalise('\ufdfa'.repeat(3))).toBeUndefined();
  });

  test('maps every part back to the part that it was made of', () => {
    fc.assert(
      fc.property(someText, (text) => {
        const normalised = normalise(text);
        if (normalised === undefined) return;
        const { length } = normalised.text;
        // Dropped characters at either end belong to no part.
        const whole = normalised.originalOf({ from: 0, to: length });
        if (length > 0)
          expect(normalise(text.slice(whole.from, whole.to))?.text ?? text.slice(whole.from, whole.to)).toBe(
            normalised.text,
          );
        let last = 0;
        for (let at = 0; at < length; at += 1) {
          const { from, to } = normalised.originalOf({ from: at, to: at + 1 });
          expect(from).toBeLessThan(to);
          expect(to).toBeLessThanOrEqual(text.length);
          expect(from).toBeGreaterThanOrEqual(last);
          last = from;
        }
      }),
    );
  });

  test('a normalised text is its own normalised form', () => {
    fc.assert(
      fc.property(someText, (text) => {
        const once = normalise(text)?.text ?? text;
        const twice = normalise(once)?.text ?? once;
        expect(normalise(twice)?.text ?? twice).toBe(twice);
      }),
    );
  });

  test('redacting twice is redacting once', () => {
    fc.assert(
      fc.property(someText, (text) => {
        const given = `${text} 4111\u00a01111\u00a01111\u00a01111 ${text} jo\u200b@example.org`;
        const redacted = all.text(given);
        expect(redacted).not.toContain('@example.org');
        expect(all.text(redacted)).toBe(redacted);
      }),
    );
  });
});
