import { describe, expect, test } from 'vitest';
import { createCatalogueCheck, redactsBy } from '../../src/client/catalogue.ts';
import { readConfig } from '../../src/config/config.ts';
import { scorerPlans } from '../../src/evaluation/spec-of.ts';
import { servedBy } from '../../src/models/plan-keys.ts';
import { createRedaction, NO_REDACTION, type Redaction } from '../../src/redaction/redaction.ts';
import type { Catalogue } from '../../src/store/catalogue.ts';
import { plan, step } from '../plan/by-hand.ts';

/** A catalogue of live workers' steps by queue, `step@version`. */
function catalogueOf(queues: { readonly [queue: string]: readonly string[] }): Catalogue {
  const all = Object.entries(queues).flatMap(([taskQueue, steps]) =>
    steps.map((name) => ({ step: name, taskQueue, workers: 1 })),
  );
  return {
    registered: async (queue?: string) => all.filter(({ taskQueue }) => queue === undefined || taskQueue === queue),
    publish: async () => undefined,
    renew: async () => true,
    withdraw: async () => undefined,
  };
}

const onQueue = (id: string, taskQueue: string) => step(id, {}, { policy: { ...step(id).policy, taskQueue } });
const both = plan([step('a'), onQueue('b', 'gpu')]);

describe('the check that a plan has its workers', () => {
  test('looks for a step on the queue that its node names', async () => {
    await createCatalogueCheck(catalogueOf({ run: ['a@1'], gpu: ['b@1'] }), 'run')(both);
    await expect(
      createCatalogueCheck(catalogueOf({ run: ['a@1', 'b@1'], gpu: ['c@1'] }), 'run')(both),
    ).rejects.toMatchObject({ code: 'step_unregistered', message: expect.stringMatching(/'gpu'.*'b@1'/) });
  });

  test.each([
    ['the run queue', { gpu: ['b@1'] }, "'run'"],
    ['a queue that a node names', { run: ['a@1', 'b@1'] }, "'gpu'"],
  ])('says that nobody works on %s', async (_, queues, named) => {
    await expect(createCatalogueCheck(catalogueOf(queues), 'run')(both)).rejects.toMatchObject({
      code: 'no_worker',
      message: expect.stringContaining(named),
    });
  });

  test('names what is nearest to a step that no worker has', async () => {
    await expect(createCatalogueCheck(catalogueOf({ run: ['a@2'] }), 'run')(plan([step('a')]))).rejects.toMatchObject({
      code: 'step_unregistered',
      remedy: expect.stringContaining('a@2'),
    });
  });

  describe('rules of redaction', () => {
    const on = createRedaction(readConfig({ SLUICE_REDACT: 'email' }).redaction);
    const other = createRedaction(readConfig({ SLUICE_REDACT: 'phone' }).redaction);
    const bot = plan([step('a')]);
    const check = (own: Redaction, ...workers: readonly Redaction[]) =>
      createCatalogueCheck(catalogueOf({ run: ['a@1', ...workers.map(redactsBy)] }), 'run', own)(bot);

    test('are the same for a client and all workers', async () => {
      await check(on, on);
      await check(NO_REDACTION, NO_REDACTION);
      await check(NO_REDACTION);
    });

    test.each([
      ['the worker has none', on, [NO_REDACTION]],
      ['the worker does not say', on, []],
      ['the client has none', NO_REDACTION, [on]],
      ['one worker has others', on, [on, other]],
    ])('or a run is refused: %s', async (_, own, workers) => {
      await expect(check(own, ...workers)).rejects.toMatchObject({
        code: 'redaction_differs',
        message: expect.stringContaining(own.rules),
      });
    });

    test('are no step that somebody could have meant', async () => {
      const asked = createCatalogueCheck(catalogueOf({ run: [redactsBy(on), 'b@1'] }), 'run', on)(bot);
      await expect(asked).rejects.toMatchObject({ data: { registered: ['b@1'] } });
    });
  });

  describe('models that others serve', () => {
    const asking = (id: string, model: string, more = {}) => ({
      ...step(id, {}, more),
      call: { step: `${id}@1`, config: { model } },
    });
    const fallback = { fallback: { step: 'b@1', config: { model: 'cohere/command-a-03-2025' } } };
    const bot = plan([asking('a', 'openai/gpt-5-mini', fallback), asking('b', 'local/lexical')]);
    const check = (...published: string[]) =>
      createCatalogueCheck(catalogueOf({ run: ['a@1', 'b@1', ...published] }), 'run')(bot);

    test('need a worker with the key, a fallback’s too', async () => {
      await expect(check('openai/*', 'cohere/*')).resolves.toBeUndefined();
      await expect(check('openai/*')).rejects.toMatchObject({
        code: 'key_missing',
        message: expect.stringMatching(/cohere.*CO_API_KEY/),
        data: { providers: ['cohere'], variables: ['CO_API_KEY'] },
      });
      await expect(check()).rejects.toMatchObject({ data: { variables: ['OPENAI_API_KEY', 'CO_API_KEY'] } });
    });

    test('are not taken for steps', async () => {
      const other = createCatalogueCheck(catalogueOf({ run: ['openai/*', 'a@1'] }), 'run')(plan([step('opena')]));
      await expect(other).rejects.toMatchObject({ code: 'step_unregistered', data: { registered: ['a@1'] } });
    });

    test('a worker publishes those whose key it has', () => {
      expect(servedBy(readConfig({ CO_API_KEY: 'secret-1' }))).toEqual(['cohere/*']);
      expect(servedBy(readConfig({}))).toEqual([]);
    });
  });
});

test('a scorer is looked for as a step of a pipeline is, and told by its own name; people need no worker', async () => {
  const { call, policy, input } = step('judge');
  const rest = { input, fields: {}, definitionHash: 'd' };
  const judged = {
    ...rest,
    id: 'judged',
    kind: 'step',
    call: { ...call, config: { model: 'openai/x' } },
    policy,
  } as const;
  const liked = { ...rest, id: 'liked', kind: 'human', call: null, policy: null } as const;
  const [scorer, ...others] = scorerPlans({ scorers: [judged, liked] });
  expect(others).toEqual([]);
  const checked = (steps: readonly string[]) => createCatalogueCheck(catalogueOf({ run: steps }), 'run')(scorer!);
  await checked(['judge@1', 'openai/*']);
  await expect(checked(['judge@1'])).rejects.toMatchObject({
    code: 'key_missing',
    message: expect.stringMatching(/^'judged' asks models of openai.*OPENAI_API_KEY/),
  });
  await expect(checked(['other@1', 'openai/*'])).rejects.toMatchObject({ code: 'step_unregistered' });
});
