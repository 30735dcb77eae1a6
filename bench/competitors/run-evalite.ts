/** evalite: a data point is a test of vitest's, a variant a group of them. Its web page is served in other modes only. */
import { join } from 'node:path';
import { installedVersion, packageFile } from './installed.ts';
import { type Measured, measure } from './measure.ts';
import { taskEnvironment } from './pipeline.ts';

export async function evalite(examples: number): Promise<Measured> {
  const [own, vitest] = await Promise.all([installedVersion('evalite'), installedVersion('vitest')]);
  return measure(`evalite ${own} (vitest ${vitest})`, examples, async (task) => ({
    args: [packageFile('evalite', 'dist', 'bin.js'), 'run', '--outputPath', join(task.folder, 'results.json')],
    env: taskEnvironment(task),
    cwd: join(import.meta.dirname, 'evalite'),
  }));
}
