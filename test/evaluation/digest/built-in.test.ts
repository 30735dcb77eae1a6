/** The steps that the package has, in processes as a worker is one: their code is not what a test runner makes of it. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { stepName } from '../../../src/dsl/step.ts';
import { createActivities } from '../../../src/steps/implementations.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, 'built-in-process.ts');

interface Answer {
  readonly digests: readonly (readonly [step: string, digest: string])[];
  readonly ms: number;
}

async function digestsFrom(cwd: string): Promise<Answer> {
  const { stdout } = await run(process.execPath, [program], { cwd });
  return JSON.parse(stdout) as Answer;
}

it('every built-in step has a digest of its own, the same in each process', async () => {
  const [one, other] = await Promise.all([import.meta.dirname, tmpdir()].map(digestsFrom));
  console.log(`digests of ${one!.digests.length} steps: ${Math.round(one!.ms)} ms`);
  const steps = createActivities({ store: {}, providers: {} } as Parameters<typeof createActivities>[0]);
  expect(one!.digests.map(([step]) => step)).toEqual(steps.map(({ step }) => stepName(step)));
  expect(new Set(one!.digests.map(([, digest]) => digest)).size).toBe(steps.length);
  for (const [, digest] of one!.digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(other!.digests).toEqual(one!.digests);
});
