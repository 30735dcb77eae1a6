/**
 * Makes an embedded database in a folder that does not exist yet, and ends. A process of its own, because making one
 * takes a gigabyte of memory for a moment, which the process that serves it would never give back.
 */
import { PGlite } from '@electric-sql/pglite';
import { keepFilesPrivate, PGLITE_OPTIONS } from './pglite-options.ts';

keepFilesPrivate();
const [folder = ''] = process.argv.slice(2);
await (
  await PGlite.create({ dataDir: folder, ...PGLITE_OPTIONS, onStderr: (line) => process.stderr.write(`${line}\n`) })
).close();
