/** A process that starts an embedded database, says where, and lives until it is killed. */
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';

const { url, pid } = await startEmbeddedPostgres({ folder: process.argv[2]! });
process.send?.({ url, pid });
