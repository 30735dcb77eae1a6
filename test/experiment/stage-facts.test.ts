import { expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { stageFacts, stageFactsOf } from '../../src/experiment/take-analysis.ts';
import { step } from '../plan/example.ts';

const plan = (configs: readonly object[]) => ({
  format: 1 as const,
  pipeline: 'p',
  schemas: { input: {}, output: {} },
  nodes: configs.map((config, index) => step(`n${index}`, 'search@1', {}, {}, config as never)),
  output: { $value: {} },
});

const hashes: { readonly [name: string]: string } = { pages: 'aa', code: 'bb' };
const indexes = {
  async snapshot(name: string) {
    const hash = hashes[name];
    if (name === 'away') throw new SluiceError('database_away', { message: 'away', remedy: 'wait' });
    if (hash === undefined) throw new SluiceError('index_unknown', { message: name, remedy: 'make it' });
    return { hash } as never;
  },
};

test('are the newest snapshots of what the plan reads, by name, in order', async () => {
  const read = [{ index: 'pages' }, { topK: 3 }, { index: 'code' }, { index: 'pages', topK: 5 }, { index: 'none-yet' }];
  const plans = [plan(read.slice(0, 2)), plan([...read.slice(1), { index: 'other', snapshot: 'cc' }])];
  const facts = await stageFactsOf(plans, indexes);
  expect(facts).toEqual({ snapshots: { code: 'bb', pages: 'aa' } });
  expect(Object.keys(facts.snapshots)).toEqual(['code', 'pages']);
});

test('a database that is away is no index that is missing', async () => {
  await expect(stageFacts(plan([{ index: 'away' }]), indexes)).rejects.toMatchObject({ code: 'database_away' });
});
