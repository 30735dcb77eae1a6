/** A process that serves the files of Temporal's UI, says where, and lives until it is killed. */
import { startUiFiles } from '../../src/embedded/temporal-ui.ts';

const [cli = '', folder = ''] = process.argv.slice(2);
process.send?.((await startUiFiles(cli, folder)).port);
