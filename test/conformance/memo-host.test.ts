/** The memo as a host of the walker, over its table in a real database, with every step behind the boundary. */

import { createMakeAttempt, createSlots } from '../../src/evaluation/attempts.ts';
import { openMemo } from '../../src/evaluation/memo/memo.ts';
import { createMemoHost } from '../../src/evaluation/memo-host.ts';
import { walk } from '../../src/plan/walk.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { startPglite } from '../support/postgres.ts';
import type { Host, RunReport } from './host.ts';
import { describeHost } from './host-conformance.ts';
import { newScene, type Scene, scriptedSteps } from './scripted-steps.ts';

const DAY_MS = 86_400_000;

async function createHost(): Promise<Host> {
  const running = await startPglite();
  const database = openDatabase(running.url);
  const store = createStore(database);
  const memo = await openMemo(store.memo);
  let scene: Scene | undefined;
  let runs = 0;
  const host = createMemoHost({
    memo,
    slots: createSlots(4),
    runId: 'conformance',
    identify: () => ({ digest: 'of the suite', snapshot: null }),
    attempt: createMakeAttempt(
      store,
      scriptedSteps(() => scene!),
    ),
    callLimitMs: DAY_MS,
  });
  return {
    clock: 'real',
    async close() {
      await memo.close();
      await database.close();
      await running.stop();
    },
    async run(scripted) {
      scene = newScene(scripted);
      runs += 1;
      // The suite makes the same calls again and again, and expects other things of them.
      const { execute } = host.begin(`run ${runs}`);
      const walking = walk(scripted.plan, scripted.input, execute, { cancel: scene.cancel.signal });
      const { outcome, nodes, error } = await walking.finished;
      const output = await walking.output.then(
        (value) => ({ output: value }),
        () => ({}),
      );
      await Promise.allSettled(scene.underWay);
      await memo.flush();
      return {
        outcome,
        ...output,
        attempts: scene.attempts,
        nodes: Object.fromEntries(nodes.map((node) => [node.key, node.outcome])),
        ...(error && { error: { key: error.key, code: error.code } }),
      } satisfies RunReport;
    },
  };
}

describeHost('the memo', createHost);
