/** The suites that guard the mutated files, without the simulations: a mutant must fail in seconds. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['gate', 'moments', 'multiplicity', 'contract', 'edge-rules'].map((name) => `test/stats/${name}.test.ts`),
  },
});
