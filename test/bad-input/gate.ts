/**
 * A pipeline whose one step waits until the test lets it through: it asks a server of the test's, and is answered when
 * the gate opens. So a test knows that a run is under way, takes something away, and then lets the run go on.
 */
import { EventEmitter, once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Project } from '../support/project.ts';

export interface Gate {
  /** For the environment of the process that works. */
  readonly settings: { readonly GATE_URL: string };
  /** Resolves when the step of the run that was asked this has begun. */
  entered(question: string): Promise<void>;
  /** Lets it through, now and whenever it comes again. */
  open(question: string): void;
  stop(): Promise<void>;
}

export async function startGate(): Promise<Gate> {
  const waiting = new Map<string, ServerResponse[]>();
  const opened = new Set<string>();
  const events = new EventEmitter();
  const server = createServer((request, response) => {
    const question = decodeURIComponent(request.url!.slice(1));
    if (opened.has(question)) response.end('through');
    else waiting.set(question, [...(waiting.get(question) ?? []), response]);
    events.emit('entered');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    settings: { GATE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    async entered(question) {
      while (!waiting.has(question)) await once(events, 'entered');
    },
    open(question) {
      opened.add(question);
      for (const response of waiting.get(question) ?? []) response.end('through');
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Gives a project the pipeline `gate` and the function behind its step. */
export async function addGate(project: Project): Promise<void> {
  await project.write({
    'node_modules/sluice/package.json': JSON.stringify({
      name: 'sluice',
      type: 'module',
      exports: { '.': './index.ts', './worker': './worker.ts' },
    }),
    'pipelines/index.ts': PIPELINES,
    'activities/index.ts': ACTIVITIES,
  });
  const worker = fileURLToPath(new URL('../../src/worker.ts', import.meta.url));
  await symlink(worker, join(project.folder, 'node_modules/sluice/worker.ts'));
}

const PIPELINES = `
import { definePipeline, defineStep } from 'sluice';
import { z } from 'zod';
const Text = z.object({ text: z.string() });
export const pass = defineStep('pass', {
  version: 1,
  input: z.object({ question: z.string() }),
  output: Text,
  effect: 'none',
  policy: { attempts: 20, timeout: '2 minutes' },
});
const gate = definePipeline('gate', z.object({ question: z.string() }))
  .step('gated', pass, ({ input }) => ({ question: input.question }))
  .output(Text, ({ gated }) => ({ text: gated.text }));
export const pipelines = [gate];
`;

const ACTIVITIES = `
import { implement } from 'sluice/worker';
import { pass } from '../pipelines/index.ts';
export const createActivities = () => [
  implement(pass, async ({ question }, { signal }) => {
    const response = await fetch(process.env.GATE_URL + '/' + encodeURIComponent(question), { signal });
    return { text: question + ' is ' + (await response.text()) };
  }),
];
`;
