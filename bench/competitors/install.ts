/**
 * Installs what Sluice is timed beside, into this folder. No install script is run, since those of hundreds of packages
 * that are not used here would be, too; the one native part that is, SQLite, is compiled (a minute; needs Python and a C++
 * compiler) for the Node that runs this.
 *
 * node bench/competitors/install.ts
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { packageFile } from './installed.ts';

const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund'];

run('npm', ['ci', ...QUIET], import.meta.dirname);
run(
  process.execPath,
  [packageFile('node-gyp', 'bin', 'node-gyp.js'), 'rebuild', '--release', '--nodedir', findHeaders() ?? fetchHeaders()],
  packageFile('better-sqlite3'),
);

/** The folder that has `include/node`, where this Node was installed with its headers. */
function findHeaders(): string | undefined {
  const folder = dirname(dirname(process.execPath));
  return existsSync(join(folder, 'include', 'node', 'node.h')) ? folder : undefined;
}

/** The `node` package leaves them out of what it installs, but those it installs from have them. */
function fetchHeaders(): string {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = packageFile('.headers');
  run('npm', ['install', ...QUIET, '--no-save', '--prefix', folder, `${name}@${process.versions.node}`], process.cwd());
  return join(folder, 'node_modules', name);
}

function run(command: string, args: readonly string[], cwd: string): void {
  // npm and whatever it starts run on this Node, too.
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`;
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, PATH: path } });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}
