/** The same request from several callers at once, and again when it was answered: one execution, one answer. */
import { exactly } from '../figures.ts';
import { tally } from '../ledger.ts';
import { CHAIN_LENGTH, workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { withScene } from '../scene.ts';

const CALLERS_PER_CLIENT = 2;

export const r19: Row = {
  id: 'R19',
  title: 'eight requests, each made by two clients twice at once, and once more later',
  play: (place: Place) =>
    withScene(place, { name: 'R19' }, async (scene) => {
      await scene.startWorker();
      const other = await scene.connect();
      try {
        const pipeline = workChain(50);
        const keys = Array.from({ length: IN_FLIGHT }, (_, n) => `request-${n}`);
        const clients = [scene.runtime.client, other.client];
        const ask = (client: (typeof clients)[number], n: number) =>
          client.run(pipeline, { n }, { idempotencyKey: keys[n]! });
        const atOnce = await Promise.all(
          keys.map((_, n) =>
            Promise.all(clients.flatMap((client) => Array.from({ length: CALLERS_PER_CLIENT }, () => ask(client, n)))),
          ),
        );
        const later = await Promise.all(keys.map((_, n) => ask(other.client, n)));
        const answers = atOnce.map(
          (first, n) => new Set([...first, later[n]!].map((result) => JSON.stringify(result))),
        );
        const right = later.filter(({ output }, n) => (output as { n?: number } | null)?.n === n + CHAIN_LENGTH);
        const { executions, effects } = tally(scene.ledger.lines());
        return [
          exactly('answers to five requests with one key', Math.max(...answers.map(({ size }) => size)), 1),
          exactly('right answers', right.length, IN_FLIGHT),
          exactly('steps executed', executions, IN_FLIGHT * CHAIN_LENGTH),
          exactly('effects', effects, IN_FLIGHT * CHAIN_LENGTH),
        ];
      } finally {
        await other.stop();
      }
    }),
};
