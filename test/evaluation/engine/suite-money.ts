/** What an evaluation costs and may cost, through the real adapters and judges, against a stand-in of the provider. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EvaluationWorker } from '../../../src/evaluation/evaluation-worker.ts';
import type { ResultRow } from '../../../src/model/evaluation-result.ts';
import { type LocalStandIn, startStandIn } from '../../standin/start.ts';
import { askPaid, CALLS_PER_EXAMPLE, CENT, implementPaid, PRICES, SETTINGS, TIMEOUT_MS, TOKENS } from './paid.ts';
import { cellsOf, type Stage } from './stage.ts';
import { create, type Place, rowsOf, run, workerOf } from './world.ts';

const usage = { outputTokens: TOKENS };

export function describeMoney(stage: Stage): void {
  let standIn: LocalStandIn;
  let place: Place;
  beforeAll(async () => {
    standIn = await startStandIn();
    place = stage.place.with({ ...SETTINGS, OPENAI_API_KEY: 'a-key', OPENAI_BASE_URL: standIn.openaiUrl });
    // The first call of a process loads the SDK and connects, which takes most of what an attempt may take.
    await standIn.reply({}, { text: 'Ready.', usage });
    await serve('Are you ready?');
  });
  afterAll(() => standIn?.close());
  beforeEach(async () => {
    await standIn.reset();
    await standIn.reply({ schema: 'verdict' }, { data: { reason: 'So.', verdict: 'correct' }, usage }, ALWAYS);
    await standIn.reply({ schema: 'comparison' }, { data: { reason: 'So.', winner: 'tie' }, usage }, ALWAYS);
    await standIn.reply({}, ({ messages }) => ({ text: `It is ${messages[0]!.content}`, usage }), ALWAYS);
  });
  const serve = (content: string, settings = {}) =>
    place
      .with(settings)
      .providers.languageModel('openai/gpt-5-mini')
      .writeText(
        { messages: [{ role: 'user', content }], maxOutputTokens: TOKENS },
        { ...{ runId: 'served', key: 'a', attempt: 1, idempotencyKey: 'served', priority: 'serving' }, signal: never },
      );
  const worker = (settings = {}) => workerOf(place, implementPaid(place.with(settings)));
  const reasonsOf = (rows: readonly ResultRow[]) =>
    new Set(
      rows.flatMap(({ cells }) =>
        Object.values(cells).map((cell) => (cell.state === 'missing' ? cell.reason : cell.state)),
      ),
    );
  const bill = async () => Number((await standIn.billed(PRICES)).usd!.toFixed(9));
  const whole = async (examples: number) => {
    const replied = (await standIn.requests()).filter(({ status }) => status === 200);
    expect(replied).toHaveLength(examples * CALLS_PER_EXAMPLE);
  };
  const paidUsd = async (id: string) => (await place.store.evaluations.progress(id)).paidUsd;

  describe('that costs money', () => {
    test('pays what the provider bills, what is shared once; each run has its own cost', async () => {
      const evaluationId = await create(place, await askPaid(place, 3));
      expect((await run(worker(), evaluationId)).row.state).toBe('completed');
      await whole(3);
      expect(await bill()).toBe(0.21);
      expect(await paidUsd(evaluationId)).toBe(await bill());
      const rows = await rowsOf(place, evaluationId);
      expect(rows.map(({ run }) => run)).toMatchObject(Array(6).fill({ costUsd: 2 * CENT, outputTokens: 2 * TOKENS }));
      expect(cellsOf(rows, 'judged')).toMatchObject(Array(6).fill({ score: { score: 1, correct: 1 } }));
    });

    test('stops when its budget is used up, and with more of it pays for nothing twice', async () => {
      const evaluationId = await create(place, { ...(await askPaid(place, 6)), budgetUsd: 0.1 });
      const evaluating = worker();
      expect((await run(evaluating, evaluationId)).row.state).toBe('stopped');
      expect(await paidUsd(evaluationId)).toBe(await bill());
      expect(await bill()).toBeLessThanOrEqual(0.1);
      const stopped = await rowsOf(place, evaluationId);
      expect(stopped).toHaveLength(12);
      for (const reason of reasonsOf(stopped)) expect(REASONS).toContain(reason);
      const cells = stopped.flatMap((row) => Object.values(row.cells));
      expect(cells.filter((cell) => cell.state === 'missing')).toMatchObject(
        cells.flatMap(({ state }) => (state === 'missing' ? [{ resumable: true }] : [])),
      );
      expect((await run(evaluating, evaluationId)).row.state).toBe('stopped');
      expect(await bill()).toBeLessThanOrEqual(0.1);
      await place.store.evaluations.setBudget(evaluationId, 1);
      expect((await run(evaluating, evaluationId)).row.state).toBe('completed');
      await whole(6);
      expect(await paidUsd(evaluationId)).toBe(await bill());
      expect(reasonsOf(await rowsOf(place, evaluationId))).toEqual(new Set(['done']));
    });

    test('holds to Retry-After, and goes on until every cell is filled', async () => {
      await standIn.fault({ kind: 'rate-limited', retryAfter: { ms: 30 } }, { probability: 0.2 });
      const evaluationId = await create(place, await askPaid(place, 4));
      await untilCompleted(worker({ SLUICE_LIMITS: 'openai/*:concurrency=1' }), evaluationId);
      await whole(4);
      const requests = await standIn.requests();
      const refused = requests.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      const tooSoon = refused.filter(({ sequence, endedAtMs }) => requests[sequence]!.atMs < endedAtMs! + 30);
      expect(tooSoon).toEqual([]);
      expect(await paidUsd(evaluationId)).toBe(await bill());
    });

    test('takes no more of a limit than there is, waits behind what is served, and takes no waiting for slowness', async () => {
      const settings = { SLUICE_LIMITS: 'openai/*:rpm=150,concurrency=2' };
      await standIn.limit({ route: 'openai/*' }, { concurrency: 2 });
      const { spec, plans } = await askPaid(place, EXAMPLES_AT_ONCE);
      const alone = { ...spec, variants: spec.variants.slice(0, 1), scorers: [], metrics: [] };
      const evaluationId = await create(place, { spec: alone, plans: plans.slice(0, 1) });
      const running = run(worker(settings), evaluationId, { atOnce: EXAMPLES_AT_ONCE });
      const before = await standIn.until((seen) => seen.length > 1);
      await serve('I am waiting', settings);
      expect((await running).row.state).toBe('completed');
      const requests = await standIn.requests();
      expect(requests.filter(({ status }) => status !== 200)).toEqual([]);
      expect(requests).toHaveLength(2 * EXAMPLES_AT_ONCE + 1);
      // Two places and one slot may have been taken when it came.
      const turn = requests.findIndex(({ body }) => JSON.stringify(body).includes('I am waiting'));
      expect(turn).toBeLessThanOrEqual(before.length + 3);
      const waitedMs = requests.at(-1)!.atMs - requests[0]!.atMs;
      expect(waitedMs).toBeGreaterThan(TIMEOUT_MS);
      const calls = (await rowsOf(place, evaluationId)).flatMap((row) => row.calls);
      expect(calls.filter(({ attempts, durationMs }) => attempts > 1 || durationMs > TIMEOUT_MS)).toEqual([]);
    });

    test.each(['malformed-json', 'wrong-schema'] as const)(
      'asks a judge of %s again, and takes it for no score',
      async (kind) => {
        for (const schema of ['verdict', 'comparison'])
          await standIn.fault({ kind, where: 'reply' }, { schema, times: 'always' });
        const evaluationId = await create(place, await askPaid(place, 1));
        expect((await run(worker(), evaluationId)).row.state).toBe('partial');
        const rows = await rowsOf(place, evaluationId);
        expect(cellsOf(rows, 'judged')).toEqual(Array(2).fill(MALFORMED));
        expect(cellsOf(rows, 'preferred')[1]).toEqual(MALFORMED);
        expect(await standIn.requests({ schema: 'verdict' })).toHaveLength(6);
        expect(await paidUsd(evaluationId)).toBe(await bill());
      },
    );
  });

  async function untilCompleted(evaluating: EvaluationWorker, evaluationId: string): Promise<void> {
    for (let tries = 0; tries < MOST_RESUMES; tries += 1)
      if ((await run(evaluating, evaluationId)).row.state === 'completed') return;
    throw new Error(`not completed in ${MOST_RESUMES} runs`);
  }
}

const ALWAYS = { times: 'always' } as const;
const never = new AbortController().signal;
const MALFORMED = { state: 'missing', reason: 'output_malformed', resumable: true };
/** Of 300 a minute, the last one waits 1.6 s. */
const EXAMPLES_AT_ONCE = 8;
const MOST_RESUMES = 5;
const REASONS = [
  ...['done', 'evaluation_budget', 'the run could not be made: evaluation_budget', 'the budget was used up before'],
];
