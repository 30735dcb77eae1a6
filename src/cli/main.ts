#!/usr/bin/env node
/** The program `sluice`: the process around the commands. */
import { createInterface } from 'node:readline/promises';
import { runProgram } from './program.ts';
import { END_LIMIT_MS, EXIT, Interrupted, orInterrupted } from './session.ts';

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

/** On standard error, beside the answer. A Ctrl-C there is the interruption it is elsewhere. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await lines.question(question, { signal: interrupted.signal });
  } catch (error) {
    if (interrupted.signal.aborted) throw new Interrupted();
    throw error;
  } finally {
    lines.close();
  }
}

await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  signal: interrupted.signal,
  ...(process.stdin.isTTY && process.stderr.isTTY && { ask }),
  exit: (code) => {
    process.exitCode = code;
  },
});

// A call, a timer or a connection that is left behind would keep the process alive, so it is ended: after all that was
// written has been read. A signal ends it even when nobody reads.
const flushed = Promise.all([process.stdout, process.stderr].map(flush));
await orInterrupted(interrupted.signal, flushed, END_LIMIT_MS).catch(() => process.exit(EXIT.interrupted));
process.exit();

function flush(output: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => output.write('', () => resolve()));
}
