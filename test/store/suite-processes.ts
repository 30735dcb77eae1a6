/** Two client processes at once. */
import { describe, expect, test } from 'vitest';
import { connect, next, together } from './processes.ts';
import type { Subject } from './suite.ts';

export function describeProcesses(subject: Subject): void {
  describe('two client processes', () => {
    test('every lease has one owner', async () => {
      const [one, other] = await together<number[]>(subject.url, 'acquire', { name: 'contended', count: 60 });
      expect([...one!, ...other!].sort((a, b) => a - b)).toEqual([...Array(60).keys()]);
    });

    test('every run is created once and completed once', async () => {
      const counts = await together<{ created: number; completed: number }>(subject.url, 'runs', {
        name: 'raced',
        count: 40,
      });
      expect(counts[0]!.created + counts[1]!.created).toBe(40);
      expect(counts[0]!.completed + counts[1]!.completed).toBe(40);
      const [rows] = await subject.database.query<{ count: number }>(
        `select count(*) from node_run where run_id like 'raced-%'`,
      );
      expect(rows!.count).toBe(120);
    });

    test('one of two builders is refused by name', async () => {
      const answers = await together<{ build?: number; code?: string; message?: string }>(subject.url, 'build', {
        name: 'rivals',
        count: 1,
      });
      const [won, refused] = answers[0]!.build === undefined ? [answers[1], answers[0]] : answers;
      expect(won).toEqual({ build: 1, resumed: false });
      expect(refused).toMatchObject({ code: 'index_building', message: expect.stringMatching(/built by process \d+/) });
    });

    test('two activities of one ingest build it once', async () => {
      expect(await together<number>(subject.url, 'put', { name: 'twins', count: 20 })).toEqual([1, 1]);
      const [one, other] = await together(subject.url, 'commit', { name: 'twins', count: 1 });
      expect(one).toEqual(other);
      expect(one).toMatchObject({ documents: 40, passages: 40, added: 40 });
      const [answer] = await subject.store.search.keyword('twins', [{ id: 'q', query: 'shared' }], { top: 100 });
      expect(answer!.hits).toHaveLength(20);
    });

    test('nobody gets the answer to a question of another', async () => {
      expect(await together<number>(subject.url, 'own', { name: 'own', count: 30 })).toEqual([0, 0]);
    });

    test('a client that dies inside a transaction is rolled back, and holds nobody up', async () => {
      const client = await connect(subject.url, 'hang');
      const inside = next(client);
      client.send({ name: 'half-done', count: 1 });
      expect(await inside).toEqual({ kind: 'inside' });
      const waiting = subject.store.payloads.put('after', 'whole');
      client.kill('SIGKILL');
      await waiting;
      expect([...(await subject.store.payloads.get(['half-done', 'after'])).keys()]).toEqual(['after']);
    });
  });
}
