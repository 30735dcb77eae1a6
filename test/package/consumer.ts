/** A project outside of this one, with the package as npm installs it: what a user has. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

export interface Packed {
  readonly file: string;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly paths: readonly string[];
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** npm sets its own options in the environment of what it runs, which must not reach the npm of another project. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

/** Builds and packs this project, as publishing would. */
export async function pack(folder: string): Promise<Packed> {
  const args = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: root, env: environment });
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }];
  return { file: join(folder, packed.filename), size: packed.size, paths: packed.files.map(({ path }) => path) };
}

export interface Consumer {
  readonly folder: string;
  /** What npm said while it installed. */
  readonly installed: string;
  /** Runs the installed `sluice`. */
  sluice(args: readonly string[], settings?: { readonly [name: string]: string }): Promise<Ended>;
  /** `npm run`, as the project's README says it. */
  script(name: string, args: readonly string[], settings?: { readonly [name: string]: string }): Promise<Ended>;
  /** Replaces a passage, which must occur once, in one of the project's files. */
  edit(path: string, passage: string, becomes: string): Promise<void>;
  /** Runs a module of that text, in the project. */
  node(script: string): Promise<Ended>;
  /** The compiler's complaints about the project; empty where there are none. */
  typecheck(): Promise<string>;
  remove(): Promise<void>;
}

/** What `sluice init` writes, with the tarball installed. */
export async function createConsumer(packed: Packed): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-consumer-'));
  await run(process.execPath, [join(root, 'dist/src/cli/main.js'), 'init', folder], { env: environment });
  const manifest = join(folder, 'package.json');
  const project = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies: { sluice: string } };
  project.dependencies.sluice = `file:${packed.file}`;
  await writeFile(manifest, JSON.stringify(project));
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund'];
  const { stdout, stderr } = await run('npm', install, { cwd: folder, env: environment });
  return {
    folder,
    installed: stdout + stderr,
    sluice: (args, settings) => ending(join(folder, 'node_modules/.bin/sluice'), args, folder, settings),
    script: (name, args, settings) => ending('npm', ['run', '--silent', name, '--', ...args], folder, settings),
    async edit(path, passage, becomes) {
      const parts = (await readFile(join(folder, path), 'utf8')).split(passage);
      if (parts.length !== 2) throw new Error(`'${passage}' occurs ${parts.length - 1} times in ${path}`);
      await writeFile(join(folder, path), parts.join(becomes));
    },
    async node(script) {
      await writeFile(join(folder, 'script.mjs'), script);
      return ending(process.execPath, ['script.mjs'], folder);
    },
    typecheck: async () => (await ending(join(folder, 'node_modules/.bin/tsc'), ['--noEmit'], folder)).stdout,
    remove: () => rm(folder, { recursive: true }),
  };
}

function ending(
  program: string,
  args: readonly string[],
  cwd: string,
  settings: { readonly [name: string]: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: { ...environment, ...settings } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}
