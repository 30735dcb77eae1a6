/** A port that another program takes between its choice and its use: as two embedded servers that start at once may. */

import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort, { clearLockedPorts } from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTemporalServer } from '../../src/runtime/temporal-server.ts';

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

const start = async (name: string, times: number, ports = {}) =>
  startTemporalServer({ cli: await unlucky(name, times), folder, ports, ui: false, persistent: false });

describe('an embedded Temporal server', () => {
  test('is started on another port where the chosen one was taken meanwhile', async () => {
    const server = await start('twice', 2);
    expect(server.address).not.toBe(`127.0.0.1:${takenPort}`);
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
