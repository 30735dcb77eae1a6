/**
 * The tour as a program: `npm run tour`. It plays the whole loop in a browser, on servers of its own and without keys, and
 * keeps a picture of each screen.
 *
 * npm run tour [-- --out docs/screens] [--dark] [--width 390]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { noChromium } from '../support/chromium.ts';
import { playTour } from './play.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'reports/tour' },
    width: { type: 'string', default: '1280' },
    dark: { type: 'boolean', default: false },
  },
});

if (noChromium) {
  console.error(`${noChromium}`);
  process.exit(1);
}
const startedAt = performance.now();
const seconds = () => `${Math.round((performance.now() - startedAt) / 1_000)} s`.padStart(6);
const shots = await playTour({
  cache: process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice', 'cache'),
  size: { width: Number(values.width), height: 900 },
  colorScheme: values.dark ? 'dark' : 'light',
  out: values.out,
  onAct: (name) => console.log(`${seconds()}  ${name}`),
});
console.log(`${seconds()}  ${shots.length} pictures in ${values.out}`);
