/** Temporal as a host of the walker, through everything a real run passes: client, server, worker and boundary. */
import { z } from 'zod';
import { startLive } from '../support/live.ts';
import type { Host, RunReport } from './host.ts';
import { describeHost } from './host-conformance.ts';
import { newScene, type Scene, scriptedSteps } from './scripted-steps.ts';

async function createTemporalHost(): Promise<Host> {
  let scene: Scene | undefined;
  const live = await startLive(() => scriptedSteps(() => scene!));
  return {
    clock: 'real',
    close: live.stop,
    async run(scripted) {
      scene = newScene(scripted);
      const pipeline = { id: scripted.plan.pipeline, plan: scripted.plan, input: z.any() };
      const result = await live.client.run(pipeline, scripted.input, { signal: scene.cancel.signal });
      await Promise.allSettled(scene.underWay);
      const { outcome, output, error, nodes } = result;
      return {
        outcome,
        attempts: scene.attempts,
        nodes: Object.fromEntries(nodes.map((node) => [node.key, node.outcome])),
        ...(output !== null && { output }),
        ...(outcome === 'failed' && { error: { key: error!.key!, code: error!.code } }),
      } satisfies RunReport;
    },
  };
}

describeHost('Temporal', createTemporalHost);
