/**
 * The page's script from its sources: one file with the parts of ECharts that it uses. The bundler is there where the
 * sources are; a published package carries what was built.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const page = join(import.meta.dirname, 'page');
const modules = join(import.meta.dirname, '../../../node_modules');
/** Whose code is in the script. */
const LIBRARIES = ['echarts', 'zrender', 'diff'];

export async function bundlePage(): Promise<string> {
  const bundle = await rolldown({
    input: join(page, 'main.ts'),
    platform: 'browser',
    tsconfig: false,
    transform: { target: 'es2022' },
    onLog: (_level, { message }) => {
      throw new Error(`the report's page cannot be bundled: ${message}`);
    },
  });
  const { output } = await bundle.generate({ format: 'iife', minify: true, comments: { legal: false } });
  await bundle.close();
  const licences = await Promise.all(LIBRARIES.map(licenceOf));
  return `/*!\n${licences.join('\n').replaceAll('*/', '* /')}*/\n${output[0].code}`;
}

/** Their licences ask to be named where the code is. */
async function licenceOf(library: string): Promise<string> {
  const folder = join(modules, library);
  const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  // Apache's is long and known by its address; its notice is to be kept.
  if (license !== 'Apache-2.0')
    return `${library} ${version} (${license})\n${await readFile(join(folder, 'LICENSE'), 'utf8')}`;
  const notice = await readFile(join(folder, 'NOTICE'), 'utf8');
  return `${library} ${version} (${license}, https://www.apache.org/licenses/LICENSE-2.0)\n${notice}`;
}
