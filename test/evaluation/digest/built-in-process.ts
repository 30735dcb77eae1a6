/** Prints the digests of the built-in steps, and how long it took to compute them. */

import { digestsOf } from '../../../src/evaluation/digest/digest.ts';
import { createActivities } from '../../../src/steps/implementations.ts';

const steps = createActivities({ store: {}, providers: {} } as Parameters<typeof createActivities>[0]);
const from = performance.now();
const digests = [...(await digestsOf(steps))];
console.log(JSON.stringify({ digests, ms: performance.now() - from }));
