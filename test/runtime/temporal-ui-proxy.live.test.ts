/** What a page of another site, in a browser of this machine, gets of the embedded Temporal server: nothing. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.ts';
import { noChromium, startChromium } from '../support/chromium.ts';
import { listeningPorts } from '../support/listening-ports.ts';

const WORKFLOW = 'secret-workflow';
const FOREIGN = 'rebound.example';
const WORKFLOWS = '/api/v1/namespaces/default/workflows';

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

/** Undefined where what listens there speaks no HTTP/1. */
async function ask(port: number, { method = 'GET', path = WORKFLOWS, headers = {}, body }: Asking = {}) {
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers: { ...headers } });
  outgoing.end(body);
  try {
    const [response] = await once(outgoing, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, body: Buffer.concat(chunks).toString() } as Answer;
  } catch {
    return undefined;
  }
}

let folder: string;
let server: TemporalServer;
let connection: Connection;
let client: Client;
let uiPort: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-ui-'));
  server = await startTemporalServer({ cli: inject('temporalCli'), folder, ports: {}, persistent: false });
  connection = await Connection.connect({ address: server.address });
  client = new Client({ connection });
  await client.workflow.start('any', { taskQueue: 'none', workflowId: WORKFLOW });
  uiPort = Number(new URL(server.uiUrl).port);
});
afterAll(async () => {
  await connection.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The ports of the server's processes: the server itself, and what serves the UI's files once it was visited. */
async function rawPorts(): Promise<readonly number[]> {
  const group = [server.pid, ...(await childrenOf(process.pid))];
  return [...new Set((await Promise.all(group.map(listeningPorts))).flat())];
}

/** All processes below one that run Temporal's program. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (each) => {
      const stat = await readFile(`/proc/${each}/stat`, 'utf8').catch(() => '');
      return Number(stat.split(') ')[1]?.split(' ')[1]) === pid ? [Number(each)] : [];
    }),
  );
  const below = await Promise.all(found.flat().map(childrenOf));
  return [...found.flat(), ...below.flat()];
}

describe('the embedded Temporal server', () => {
  it('starts no workflow for a page of another site', async () => {
    for (const port of await listeningPorts(server.pid))
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, FOREIGN])
        await ask(port, {
          method: 'POST',
          path: `${WORKFLOWS}/planted`,
          headers: { host, origin: `http://${FOREIGN}`, 'content-type': 'text/plain' },
          body: JSON.stringify({ workflowType: { name: 'any' }, taskQueue: { name: 'none' } }),
        });
    await expect(client.workflow.getHandle('planted').describe()).rejects.toThrow(/not found/);
  });

  it('gives its data on no port of its own, whatever the Host', async () => {
    expect((await ask(uiPort, { path: '/' }))?.status).toBe(200); // the UI's files are served from now on
    const ports = await rawPorts();
    expect(ports.length).toBeGreaterThan(3);
    for (const port of ports)
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, FOREIGN])
        for (const path of [WORKFLOWS, `${WORKFLOWS}/${WORKFLOW}`])
          expect((await ask(port, { path, headers: { host } }))?.body ?? '').not.toContain(`"${WORKFLOW}"`);
  });
});

describe('its UI', () => {
  const own = () => `localhost:${uiPort}`;

  it('is refused to a foreign Host', async () => {
    for (const path of ['/', WORKFLOWS, '/api/v1/settings', '/_app/version.json'])
      for (const host of [FOREIGN, `${FOREIGN}:${uiPort}`, 'localhost', `localhost.${FOREIGN}:${uiPort}`])
        expect(await ask(uiPort, { path, headers: { host } })).toMatchObject({ status: 403 });
  });

  it('has the data for its own Host', async () => {
    const answer = await ask(uiPort, { headers: { host: own() } });
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining(WORKFLOW) });
  });

  it('changes something for its own pages alone', async () => {
    const asking = (origin?: string): Asking => ({
      method: 'POST',
      path: `${WORKFLOWS}/${WORKFLOW}/terminate`,
      headers: { host: own(), 'content-type': 'text/plain', ...(origin && { origin }) },
      body: '{"reason":"by a page"}',
    });
    const handle = client.workflow.getHandle(WORKFLOW);
    for (const origin of [undefined, 'null', `http://${FOREIGN}`, 'http://localhost'])
      expect(await ask(uiPort, asking(origin))).toMatchObject({ status: 403 });
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(await ask(uiPort, asking(`http://${own()}`))).toMatchObject({ status: 200 });
    expect((await handle.describe()).status.name).toBe('TERMINATED');
  });

  it.skipIf(noChromium)('shows the workflow in a browser', async () => {
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      await page.goto(`${server.uiUrl}/namespaces/default/workflows/${WORKFLOW}`);
      await page.getByText('Terminated').first().waitFor();
      expect(await page.title()).toContain(WORKFLOW);
    } finally {
      await browser.close();
    }
  });

  it('ends with a process that is killed', async () => {
    const parent = fork(fileURLToPath(new URL('./ui-parent.ts', import.meta.url)), [inject('temporalCli'), folder], {
      execArgv: [],
    });
    const [port] = (await once(parent, 'message')) as [number];
    expect((await ask(port, { path: '/healthz' }))?.status).toBe(200);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => ask(port, { path: '/healthz' }), { timeout: 10_000 }).toBeUndefined();
  });
});
