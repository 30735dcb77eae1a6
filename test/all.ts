/**
 * `npm run test:all`: every tier of the tests, all rows of chaos, all cells of the fault matrix, and the mutants. A failure
 * does not end the others. Prints a summary at the end; exit code 1 where one failed.
 */
import { spawnSync } from 'node:child_process';
import { noPostgres } from './support/postgres.ts';

const SCRIPTS = ['test', 'test:live', 'test:long', 'chaos', 'fault-matrix', 'mutation'];

const outcomes = SCRIPTS.map((script) => {
  const startedAt = Date.now();
  const { status } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' });
  return { script, hasPassed: status === 0, seconds: Math.round((Date.now() - startedAt) / 1_000) };
});
// A run that left PostgreSQL out has not tested everything.
if (noPostgres)
  outcomes.push({ script: `PostgreSQL, which was left out: ${noPostgres}`, hasPassed: false, seconds: 0 });

for (const { script, hasPassed, seconds } of outcomes)
  console.log(`${hasPassed ? 'passed' : 'FAILED'} ${String(seconds).padStart(6)} s  ${script}`);
process.exitCode = outcomes.every(({ hasPassed }) => hasPassed) ? 0 : 1;
