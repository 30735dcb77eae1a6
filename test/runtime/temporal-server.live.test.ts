/** A port that another program takes between its choice and its use: as two embedded servers that start at once may. */

import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort, { clearLockedPorts } from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import { listeningPorts } from '../support/listening-ports.ts';

let folder: string;
let taken: Server;
let takenPort: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-ports-'));
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  takenPort = (taken.address() as { port: number }).port;
});
afterAll(async () => {
  taken.close();
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

/**
 * The real program, whose first start is overtaken: another server takes the chosen port, and answers there for as long as
 * twenty requests take, before the real program tries to listen.
 */
async function overtaken(): Promise<{ readonly cli: string; readonly otherPid: () => Promise<number> }> {
  const cli = join(folder, 'overtaken');
  const pidFile = `${cli}.pid`;
  const real = inject('temporalCli');
  const text = [
    '#!/bin/sh',
    `if [ ! -e '${pidFile}' ]; then`,
    `  port="$(printf '%s ' "$@" | sed 's/.*--port \\([0-9]*\\) .*/\\1/;s/.* //')"`,
    `  '${real}' server start-dev --headless --ip 127.0.0.1 --port "$port" > '${cli}.log' 2>&1 &`,
    `  echo $! > '${pidFile}'`,
    '  answered=0',
    '  while [ "$answered" -lt 20 ]; do',
    `    '${real}' operator cluster health --address "127.0.0.1:$port" > '${cli}.health' 2>&1 && answered=$((answered + 1))`,
    '  done',
    'fi',
    `exec '${real}' "$@"`,
  ];
  await writeFile(cli, text.join('\n'));
  await chmod(cli, 0o755);
  return { cli, otherPid: async () => Number(await readFile(pidFile, 'utf8')) };
}

/**
 * The real program, whose first start finds its port free when it checks it and taken when it listens there, since two
 * start at once: it then ends with a panic and a stack of a hundred lines.
 */
async function raced(): Promise<string> {
  const script = join(folder, 'raced');
  const port = await getPort({ host: '127.0.0.1' });
  const both = `'${inject('temporalCli')}' server start-dev --headless --ip 127.0.0.1 --port ${port} --log-level warn &`;
  const first = [`touch '${script}.begun'`, both, both, 'wait -n', 'code=$?', 'kill $(jobs -p)', 'wait', 'exit $code'];
  const text = ['#!/bin/bash', `if [ ! -e '${script}.begun' ]; then`, ...first, 'fi'];
  await writeFile(script, [...text, `exec '${inject('temporalCli')}' "$@"`].join('\n'));
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

  test('is started on another port where another server took the chosen one at the same moment', async () => {
    const server = await startTemporalServer({ cli: await raced(), folder, ports: {}, ui: false, persistent: false });
    expect(await listeningPorts(server.pid)).toContain(Number(server.address.split(':')[1]));
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

  test('is not taken for ready where another server answers on its port', async () => {
    const { cli, otherPid } = await overtaken();
    const server = await startTemporalServer({ cli, folder, ports: {}, ui: false, persistent: false });
    const other = await otherPid();
    try {
      const port = Number(server.address.split(':')[1]);
      expect(await listeningPorts(server.pid)).toContain(port);
      expect(await listeningPorts(other)).not.toContain(port);
    } finally {
      await server.stop();
      process.kill(other, 'SIGKILL');
    }
  });

  test('is given up when every port is taken', async () => {
    await expect(start('always', 1_000)).rejects.toMatchObject({ code: 'temporal_start_failed' });
  });
});
