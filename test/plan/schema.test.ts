import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { checkPlan, planJsonSchema } from '../../src/plan/check.ts';
import { changed, docsBot } from './example.ts';

const published = new URL('../../docs/plan.schema.json', import.meta.url);
if (process.env.SLUICE_UPDATE_SCHEMA) writeFileSync(published, `${JSON.stringify(planJsonSchema(), null, 2)}\n`);

describe('the published JSON Schema', () => {
  const validate = new Ajv2020({ strict: true, strictTuples: false }).compile(
    JSON.parse(readFileSync(published, 'utf8')) as object,
  );

  it('is the one that plans are checked by (SLUICE_UPDATE_SCHEMA=1 writes it anew)', () => {
    expect(JSON.parse(readFileSync(published, 'utf8'))).toEqual(planJsonSchema());
  });

  it('accepts a plan', () => {
    expect(validate(docsBot), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ['nodes.4.policy.attempts', 0],
    ['nodes.4.call.step', 'rerank'],
    ['nodes.4.input', 'enhance'],
    ['nodes.4.input', { $from: [] }],
    ['nodes.4.input', { $from: ['enhance'], $value: 1 }],
    ['nodes.5.then.nodes.0.max', 'three'],
    ['nodes.5.otherwise', undefined],
    ['format', 2],
  ])('refuses, as the check does, a plan whose %s is %o', (path, value) => {
    const plan = changed(path, value);
    expect(validate(plan)).toBe(false);
    expect(checkPlan(plan).ok).toBe(false);
  });
});
