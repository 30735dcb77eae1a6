/** That what is planted is what it seems, and that the rules take out all of it, and nothing between. */
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';
import { FIELD, PLACES, PLANTED, planted, RULES } from './planted.ts';

const redaction = createRedaction(readConfig(RULES).redaction);

test('there are fifty, and none is part of another', () => {
  expect(PLANTED).toHaveLength(50);
  const all = PLANTED.map(({ secret }) => secret).join('\n');
  for (const { secret } of PLANTED) expect(all.split(secret)).toHaveLength(2);
});

test.each(PLACES)('all of what is in an %s goes, and the words between stay', (place) => {
  const text = planted(place);
  const redacted = redaction.text(text);
  for (const { secret } of PLANTED.filter((each) => each.place === place && each !== FIELD)) {
    expect(text).toContain(secret);
    expect(redacted).not.toContain(secret);
  }
  expect(redacted.replaceAll(/\[redacted:[a-z-]+\]/g, '·').split(';\n')[0]).toBe('it is · here');
  expect(redacted.match(/\[redacted:/g)).toHaveLength(place === 'input' ? 13 : 12);
  expect(redaction.text(redacted)).toBe(redacted);
});
