/** `sluice pipelines` and `sluice audit`: what the screens of those names show. */
import { describe, expect, it, vi } from 'vitest';
import { planId } from '../../src/plan/id.ts';
import { docsBot } from '../plan/example.ts';
import { fakeRuntime, run } from './fakes.ts';

const deployment = {
  ...{ pipeline: 'docs-bot', deploymentNo: 3, planId: planId(docsBot), variant: 'wide', holdOut: 0.05 },
  ...{ kind: 'deploy', by: 'kim', why: 'better', at: 0, promoted: [] },
};
const audit = vi.fn(async (subject: string | null) =>
  subject === 'nobody'
    ? []
    : [{ at: 0, who: 'kim', action: 'deploy', subject: 'docs-bot', was: null, isNow: 3, why: 'better' }],
);
const store = {
  deployments: { list: async () => [deployment], history: vi.fn(async () => [deployment]) },
  plans: { get: async () => docsBot },
  experiments: {
    audit,
    list: async () => [
      { experimentId: 'rerank', pipeline: 'docs-bot', kind: 'experiment', state: 'running' },
      { experimentId: 'old', pipeline: 'docs-bot', kind: 'experiment', state: 'promoted' },
    ],
    serving: vi.fn(async (): Promise<object | undefined> => ({ deployment, experiments: [] })),
  },
};
const { runtime } = fakeRuntime({ store });
const sluice = (line: string) => run(line.split(' '), { runtime });

describe('sluice pipelines', () => {
  it('lists what each serves, and what is live on it', async () => {
    const { stdout } = await sluice('pipelines');
    const [, served, other] = stdout.split('\n');
    expect(served).toMatch(
      /^docs-bot +deployment 3, variant wide, 5 % held out +\w{12} +1970-01-01 00:00:00 UTC +– +rerank \(running\)$/,
    );
    expect(other).toMatch(/^related-pages +the definition in code +\w{12} +– +– +–$/);
  });

  it('shows which steps of one are live where', async () => {
    const { stdout, stderr } = await sluice('pipelines docs');
    const [first, heading, row] = stdout.split('\n');
    expect(first).toMatch(/^docs-bot serves deployment 3, plan \w{12}$/);
    expect(heading).toMatch(/^node +step +share +by +differs in +else$/);
    expect(row).toMatch(/^enhance +enhanceQuery@1 +100 % +deployment 3 +– +–$/);
    expect(stderr).toBe('nothing is tried on it now\n');
    store.experiments.serving.mockResolvedValueOnce(undefined);
    expect((await sluice('pipelines docs')).stdout).toContain('docs-bot serves the definition in code');
  });

  it('shows the history of prompts as text and as data', async () => {
    const versions = ['p1', 'p2'].map((id, at) => ({ ...deployment, deploymentNo: at + 1, planId: id, at }));
    const planOf = (prompt: string) => ({
      nodes: [{ kind: 'step', id: 'draft', call: { step: 'generate@1', config: { prompt } } }],
    });
    const plans: { readonly [id: string]: object } = { p1: planOf('Answer shortly.'), p2: planOf('Answer at length.') };
    const world = fakeRuntime({
      store: {
        deployments: { history: async () => versions.toReversed() },
        plans: { get: async (id: string) => plans[id] },
      },
    });
    const { stdout } = await run(['pipelines', 'docs-bot', '--prompts'], { runtime: world.runtime });
    expect(stdout.split('\n')).toEqual([
      'draft.prompt  changed once',
      '  deployment 2, 1970-01-01 00:00:00 UTC, by kim: better',
      '    Answer [-shortly-]{+at length+}.',
      '  deployment 1, 1970-01-01 00:00:00 UTC, by kim: better',
      '    Answer shortly.',
      '',
      '',
    ]);
    const json = await run(['pipelines', 'docs-bot', '--prompts', '--json'], { runtime: world.runtime });
    expect(JSON.parse(json.stdout)).toMatchObject([{ node: 'draft', path: 'prompt', versions: [{}, {}] }]);
  });

  it('refuses prompts of nobody in particular, and names that there are not', async () => {
    expect(await sluice('pipelines --prompts')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name a pipeline'),
    });
    expect((await sluice('pipelines dogs-bot')).stderr).toContain("did you mean 'docs-bot'?");
  });
});

describe('sluice audit', () => {
  it('lists changes, of all or of one subject', async () => {
    expect((await sluice('audit')).stdout.split('\n')[1]).toBe(
      '1970-01-01 00:00:00 UTC  kim  deploy  docs-bot  better',
    );
    expect(audit).toHaveBeenLastCalledWith(null, 100);
    expect(JSON.parse((await sluice('audit docs-bot --limit 5 --json')).stdout)).toMatchObject([{ isNow: 3 }]);
    expect(audit).toHaveBeenLastCalledWith('docs-bot', 5);
    expect((await sluice('audit nobody')).stdout).toBe("nothing of 'nobody' has been changed\n");
  });
});
