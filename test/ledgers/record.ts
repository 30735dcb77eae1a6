/**
 * Records the ledgers in this folder: plays every scenario over the embedded database and writes each entry of its ledger
 * as it is stored, one line each. A recording is evidence of what a version of the method decided. It is never written
 * again: a new version of the method gets a folder of its own.
 *
 *     node test/ledgers/record.ts [name ...]
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { openDatabase } from '../../src/store/database.ts';
import { startPglite } from '../support/postgres.ts';
import { startPlaying } from './play.ts';
import { fileOf, METHOD_VERSION, textOf } from './recordings.ts';
import { SCENARIOS } from './scenarios.ts';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0)
  fail(`There is no scenario '${unknown.join("', '")}'. Scenarios: ${Object.keys(SCENARIOS).join(', ')}.`);
const names = asked.length > 0 ? asked : Object.keys(SCENARIOS);
const recorded = names.map((name) => fileOf(METHOD_VERSION, name)).filter((file) => existsSync(file));
if (recorded.length > 0)
  fail(
    `Nothing is recorded: ${recorded.map((file) => relative(process.cwd(), file)).join(', ')} exist. A recording is never ` +
      'overwritten: it proves that verdicts of its version can still be recomputed. Raise the version of the method to ' +
      'record another set, or name scenarios that are not recorded yet.',
  );

const server = await startPglite();
const database = openDatabase(server.url);
try {
  for (const name of names) {
    const scenario = SCENARIOS[name]!;
    const playing = await startPlaying(database, scenario);
    await scenario.play(playing);
    const { state, reason } = await playing.row();
    const entries = await playing.entries();
    if (state !== scenario.ends) throw new Error(`'${name}' ended as ${state} (${reason}), not as ${scenario.ends}`);
    const file = fileOf(METHOD_VERSION, name);
    const text = textOf(entries);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
    process.stdout.write(`${name}: ${state} (${reason}), ${entries.length} entries, ${text.length} bytes\n`);
  }
} finally {
  await database.close();
  await server.stop();
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
