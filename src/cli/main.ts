#!/usr/bin/env node
/** The program `sluice`: the process around the commands. */
import { runProgram } from './program.ts';
import { EXIT } from './session.ts';

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    // The second time, whoever asks does not want to wait for a clean end.
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
    interrupted.abort();
  });

// A reader that has seen enough (`sluice runs | head`) closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.fine);
  throw error;
});

await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  signal: interrupted.signal,
  exit: (code) => {
    process.exitCode = code;
  },
});
