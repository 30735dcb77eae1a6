/**
 * The same evaluation in Sluice, evalite and promptfoo: five steps of 20 ms, four variants that differ in the last one, 16
 * calls at once, an exact scorer. What each makes of it is measured from the outside, one after the other. README.md
 * beside this says what is compared, and what is not.
 *
 * npm run bench:competitors [-- --examples 1000 | --smoke]
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { callsNeeded, STEP_MS, STEPS, VARIANTS } from '../support/five-steps.ts';
import { installedVersion } from './installed.ts';
import type { Measured } from './measure.ts';
import { CONCURRENCY } from './pipeline.ts';
import { evalite } from './run-evalite.ts';
import { promptfoo } from './run-promptfoo.ts';
import { sluice } from './run-sluice.ts';

const MOST_EXAMPLES = 10_000;
/** No install script is run, since none that is needed here has one: what is native comes with the packages. */
const INSTALL = 'npm ci --ignore-scripts --prefix bench/competitors';
const { smoke, examples: given } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, examples: { type: 'string', default: '100' } },
}).values;
const EXAMPLES = smoke ? 10 : Number(given);
if (!Number.isInteger(EXAMPLES) || EXAMPLES < 1 || EXAMPLES > MOST_EXAMPLES) {
  throw new Error(`--examples takes a whole number from 1 to ${MOST_EXAMPLES}, not ${given}`);
}
const NEEDED = callsNeeded(EXAMPLES);
const ALL = EXAMPLES * STEPS * VARIANTS.length;
const IDEAL_MS = (NEEDED * STEP_MS) / CONCURRENCY;

const installed =
  (await installedVersion('evalite')) !== undefined && (await installedVersion('promptfoo')) !== undefined;
if (!installed) console.log(`evalite and promptfoo are not installed: ${INSTALL}`);
if (!smoke && !installed) process.exitCode = 1;
else await compare();

async function compare(): Promise<void> {
  const [load] = loadavg();
  // In short: that Sluice's side runs. The others are never there where that is asked.
  const contestants = smoke ? [sluice] : [sluice, evalite, promptfoo];
  const measured: Measured[] = [];
  for (const contestant of contestants) measured.push(await contestant(EXAMPLES));
  console.log(
    `\n${EXAMPLES} examples × ${VARIANTS.length} variants: ${NEEDED} calls are different, ideally ${IDEAL_MS / 1_000} s; ` +
      `${availableParallelism()} cores, Node ${process.versions.node}, load average at the start ${load!.toFixed(1)}\n`,
  );
  printTable(measured);
  const wrong = measured.filter(({ calls }, n) => calls.made !== (n === 0 ? NEEDED : ALL) || calls.distinct !== NEEDED);
  for (const { name, calls } of wrong) console.log(`✖ ${name}: ${calls.made} calls, ${calls.distinct} different ones`);
  if (wrong.length > 0) process.exitCode = 1;
}

/** In Markdown. */
function printTable(measured: readonly Measured[]): void {
  const rows: readonly (readonly [string, (one: Measured) => string])[] = [
    ['', ({ name }) => name],
    ['---', () => '---:'],
    ['wall time, start to exit (s)', ({ cost }) => (cost.wallMs / 1_000).toFixed(2)],
    ['... over the ideal', ({ cost }) => `${(cost.wallMs / IDEAL_MS).toFixed(2)} ×`],
    ['first to last call (s)', ({ calls }) => (calls.spanMs / 1_000).toFixed(2)],
    ['... over the ideal', ({ calls }) => `${(calls.spanMs / IDEAL_MS).toFixed(2)} ×`],
    ['calls made', ({ calls }) => String(calls.made)],
    ['processor time (s)', ({ cost }) => (cost.cpuMs / 1_000).toFixed(2)],
    ['peak memory (MB)', ({ cost }) => cost.peakMemoryMb.toFixed(0)],
  ];
  for (const [what, show] of rows) console.log(`| ${[what, ...measured.map(show)].join(' | ')} |`);
}
