/** Replays a folder of histories on the Node that runs this, and prints what came of each as JSON. */
import { workflowBundle } from '../../src/worker/bundle.ts';
import { readHistories, replay } from '../histories/replay.ts';

const [folder, cache] = process.argv.slice(2);
const { replayed } = await replay(await workflowBundle(cache!), await readHistories(folder));
const results = replayed.map(({ name, error }) => ({ name, ...(error && { error: error.message }) }));
process.stdout.write(JSON.stringify({ node: process.versions.node, results }));
