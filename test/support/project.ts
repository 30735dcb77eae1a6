/**
 * A project as a user has one, with the program as a process: made by `sluice init`, and the package linked to these
 * sources. Nothing is configured, so commands bring their own servers, unless a test's settings name others.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const main = join(repository, 'src/cli/main.ts');

export type Settings = { readonly [name: string]: string };

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Going {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /**
   * Resolves when the process has written this to stdout or stderr; rejects when it ends without.
   *
   * @param times how often it has been written by then; default 1
   */
  wrote(text: string, times?: number): Promise<void>;
  /** What it has written so far, to both. */
  written(): string;
}

export interface Project {
  readonly folder: string;
  write(files: { readonly [path: string]: string | Uint8Array }): Promise<void>;
  /** Runs a command to its end. */
  sluice(args: readonly string[], settings?: Settings): Promise<Ended>;
  /** Starts a command that goes on. */
  start(args: readonly string[], settings?: Settings): Going;
  remove(): Promise<void>;
}

/** Temporal's program and our workflow bundle, so that no test fetches or builds them. */
export async function createProject(cache: string, at?: string): Promise<Project> {
  const folder = at ?? (await mkdtemp(join(tmpdir(), 'sluice-project-')));
  const start = (args: readonly string[], settings: Settings = {}): Going =>
    follow(spawn(process.execPath, [main, ...args], { cwd: folder, env: environment(cache, settings) }));
  const write: Project['write'] = async (files) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
  };
  const initialised = await start(['init']).ended;
  if (initialised.code !== 0) throw new Error(initialised.stderr);
  // As `npm install` would: the package by its name, and what its pipelines import besides.
  await write({
    'node_modules/sluice/package.json':
      '{"name":"sluice","type":"module","exports":{".":"./index.ts","./steps":"./steps.ts"}}',
  });
  await symlink(join(repository, 'src/index.ts'), join(folder, 'node_modules/sluice/index.ts'));
  await symlink(join(repository, 'src/steps/index.ts'), join(folder, 'node_modules/sluice/steps.ts'));
  await symlink(join(repository, 'node_modules/zod'), join(folder, 'node_modules/zod'));
  return {
    folder,
    write,
    start,
    sluice: (args, settings) => start(args, settings).ended,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Of the settings that this process may have, none reaches a command: what a test does not say is not configured. */
function environment(cache: string, settings: Settings): NodeJS.ProcessEnv {
  const ours = /^(SLUICE_|TEMPORAL_|DATABASE_URL$|NO_COLOR$|FORCE_COLOR$)/;
  const inherited = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return { ...Object.fromEntries(inherited), SLUICE_CACHE: cache, SLUICE_SHUTDOWN_GRACE_MS: '1000', ...settings };
}

function follow(child: ChildProcess): Going {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]!.setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text;
      child.emit('wrote');
    });
  const ended = once(child, 'close').then(([code]) => ({ code, ...written }) as Ended);
  const all = () => written.stdout + written.stderr;
  const wrote = async (text: string, times = 1) => {
    while (all().split(text).length <= times) {
      if (child.exitCode !== null) throw new Error(`it ended without '${text}': ${all()}`);
      await Promise.race([once(child, 'wrote'), ended]);
    }
  };
  return { process: child, ended, wrote, written: all };
}
