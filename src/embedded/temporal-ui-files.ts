/**
 * The files of Temporal's UI. Only Temporal's development server carries them, and its UI port hands out all data to any
 * Host, so they come from a second development server, which has no data. It starts at the first visit.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { OWN } from '../base/claim-file.ts';
import { SluiceError } from '../base/errors.ts';
import { withPrivateUmask } from '../base/private-folder.ts';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 50;
/** Runs a program until standard input ends, as it does when this process is killed. */
const UNTIL_STDIN_ENDS = '"$0" "$@" & program=$!; read -r line; kill "$program"; wait "$program"';

export interface UiFiles {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * @param folder for its log
 * @throws SluiceError `temporal_ui_failed` when it does not answer within 30 s.
 */
export async function startUiFiles(cli: string, folder: string): Promise<UiFiles> {
  const port = await getPort({ host: '127.0.0.1' });
  const grpcPort = await getPort({ host: '127.0.0.1' });
  const logFile = join(folder, 'temporal-ui.log');
  const log = await open(logFile, 'w', OWN);
  const ports = ['--port', String(grpcPort), '--ui-port', String(port)];
  const program = [cli, 'server', 'start-dev', '--ip', '127.0.0.1', ...ports, '--log-level', 'warn'];
  const child = withPrivateUmask(() =>
    spawn('/bin/sh', ['-c', UNTIL_STDIN_ENDS, ...program], { detached: true, stdio: ['pipe', log.fd, log.fd] }),
  );
  const ended = once(child, 'close');
  await log.close();
  const stop = async () => {
    child.stdin?.end();
    const timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  };
  const giveUpAt = performance.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (performance.now() > giveUpAt) {
      await stop();
      throw new SluiceError('temporal_ui_failed', {
        message: `the files of the Temporal UI are not served after ${START_LIMIT_MS / 1_000} s`,
        remedy: `read ${logFile} and load the page again`,
      });
    }
    await delay(POLL_MS);
  }
  return { port, stop };
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
