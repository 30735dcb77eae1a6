/** A port that another program takes between its choice and its use: as two embedded servers that start at once may. */

import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort, { clearLockedPorts } from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTemporalServer } from '../../src/runtime/temporal-server.ts';

let folder: string;
let taken: Server;
let takenPort: number;
const otherPidFile = () => join(folder, 'other.pid');
const otherPortFile = () => join(folder, 'other.port');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-ports-'));
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  takenPort = (taken.address() as { port: number }).port;
});
afterAll(async () => {
  taken.close();
  process.kill(Number(await readFile(otherPidFile(), 'utf8')), 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** The real program, which for its first `times` starts finds the port that was chosen for it taken. */
async function unlucky(name: string, times: number): Promise<string> {
  const script = join(folder, name);
  const text = [
    '#!/bin/sh',
    `tries="$(cat '${script}.tries' 2>/dev/null | wc -c)"`,
    `printf x >> '${script}.tries'`,
    `if [ "$tries" -lt ${times} ]; then exec '${inject('temporalCli')}' server start-dev --headless --ip 127.0.0.1 --port ${takenPort}; fi`,
    `exec '${inject('temporalCli')}' "$@"`,
  ];
  await writeFile(script, text.join('\n'));
  await chmod(script, 0o755);
  return script;
}

/** The real program; at its first start another server has the chosen port, and answers there. */
async function secondOnItsPort(): Promise<string> {
  const script = join(folder, 'second');
  const cli = inject('temporalCli');
  const text = [
    '#!/bin/sh',
    `if [ ! -e '${otherPidFile()}' ]; then`,
    `  port="$(echo "$*" | sed 's/.*--port \\([0-9]*\\).*/\\1/')"`,
    `  '${cli}' server start-dev --headless --ip 127.0.0.1 --port "$port" >/dev/null 2>&1 &`,
    `  echo "$!" >'${otherPidFile()}'`,
    `  echo "$port" >'${otherPortFile()}'`,
    `  until '${cli}' operator namespace describe default --address "127.0.0.1:$port"; do sleep 0.1; done >/dev/null 2>&1`,
    '  sleep 3 # the own server is slow to start',
    'fi',
    `exec '${cli}' "$@"`,
  ];
  await writeFile(script, text.join('\n'));
  await chmod(script, 0o755);
  return script;
}

const start = async (name: string, times: number, ports = {}) =>
  startTemporalServer({ cli: await unlucky(name, times), folder, ports, ui: false, persistent: false });

describe('an embedded Temporal server', () => {
  test('is started on another port where the chosen one was taken meanwhile', async () => {
    const server = await start('twice', 2);
    expect(server.address).not.toBe(`127.0.0.1:${takenPort}`);
    await server.stop();
  });

  test('does not take the server of another process on the chosen port for its own', async () => {
    const server = await startTemporalServer({
      ...{ cli: await secondOnItsPort(), folder, ports: {}, ui: false, persistent: false },
    });
    expect(server.address).not.toBe(`127.0.0.1:${(await readFile(otherPortFile(), 'utf8')).trim()}`);
    await server.stop();
  });

  test('is not started on another port than the one that was asked for', async () => {
    const temporal = await getPort({ host: '127.0.0.1' });
    clearLockedPorts();
    await expect(start('asked', 1, { temporal })).rejects.toMatchObject({
      code: 'temporal_start_failed',
      message: expect.stringContaining('address already in use'),
    });
  });

  test('is given up when every port is taken', async () => {
    await expect(start('always', 1_000)).rejects.toMatchObject({ code: 'temporal_start_failed' });
  });
});
