/**
 * A stand-in as a program: `node test/standin/main.ts --port 4010`. It prints `{"url":"http://127.0.0.1:4010"}` when it
 * listens, and ends when its standard input does where that is a pipe, so that it never outlives the test that started it.
 */
import { parseArgs } from 'node:util';
import type { StandInOptions } from './stand-in.ts';
import { startStandIn } from './start.ts';

const { values } = parseArgs({ options: { port: { type: 'string' }, options: { type: 'string', default: '{}' } } });
const options = JSON.parse(values.options) as StandInOptions;
const standIn = await startStandIn(values.port === undefined ? options : { ...options, port: Number(values.port) });
process.stdout.write(`${JSON.stringify({ url: standIn.url })}\n`);

if (values.port === undefined) {
  process.stdin.on('end', () => process.exit(0)).resume();
}
