/** A run whose provider fails or never answers, in the process of `sluice ask` with servers of its own. */
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { createProject, type Project } from '../support/project.ts';

let project: Project;
let standIn: LocalStandIn;
beforeAll(async () => {
  [standIn, project] = await Promise.all([startStandIn(), createProject(inject('cache'))]);
});
beforeEach(() => standIn.reset());
afterAll(() => Promise.all([standIn.close(), project.remove()]));

const ask = () =>
  project.start(['ask', 'docs-bot', 'What is a tool?', '--json'], {
    OPENAI_API_KEY: 'k9-good-0123456789',
    OPENAI_BASE_URL: standIn.openaiUrl,
    CO_API_KEY: 'k9-good-0123456789',
    COHERE_BASE_URL: standIn.cohereUrl,
  });

it('ends by itself when each call of Cohere fails', async () => {
  await standIn.fault({ kind: 'status', status: 401 }, { route: 'cohere/*', times: 'always' });
  const { code, stdout, stderr } = await ask().ended;
  expect(code, stderr).not.toBeNull();
  expect(JSON.parse(stdout)).toBeTypeOf('object');
  expect((await standIn.requests({ route: 'cohere/*' })).length).toBeGreaterThan(0);
});

it('ends at one signal while Cohere hangs, and the run is cancelled', async () => {
  await standIn.fault({ kind: 'hang' }, { route: 'cohere/*', times: 'always' });
  const asking = ask();
  await Promise.race([
    standIn.until((requests) => requests.some(({ route }) => route.startsWith('cohere/')), 120_000),
    asking.ended,
  ]);
  asking.process.kill('SIGTERM');
  const { code, stdout, stderr } = await asking.ended;
  expect(code, stderr).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'cancelled' });
});
