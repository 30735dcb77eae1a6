/**
 * The embedded servers of one folder: a second `dev`, a taken port, and a server that is killed under the run of one
 * command. What the run had is still there for the next command.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { copyEmbedded } from '../support/embedded.ts';
import { createProject, type Project } from '../support/project.ts';
import { addGate, type Gate, startGate } from './gate.ts';

let project: Project;
let gate: Gate;
beforeAll(async () => {
  [project, gate] = await Promise.all([createProject(inject('cache')), startGate()]);
  await Promise.all([addGate(project), copyEmbedded(join(project.folder, '.sluice/postgres'))]);
});
afterAll(async () => {
  await gate.stop();
  await project.remove();
});

/** The process of the Temporal server that has this folder. */
async function temporalPid(): Promise<number> {
  return JSON.parse(await readFile(join(project.folder, '.sluice/dev.json'), 'utf8')).servers.temporal.pid;
}

describe('sluice dev', () => {
  it('keeps a second one out, in words, and is not disturbed', async () => {
    const dev = project.start(['dev'], gate.settings);
    await dev.wrote('✔ Temporal');
    await dev.wrote('ready in');
    const second = await project.sluice(['dev']);
    expect(second.stderr).toMatch(/^✖ process \d+ already serves .*; its Temporal UI is http:.*\n {2}use it as it is/);
    expect(second.code).toBe(1);

    gate.open('the first');
    const asked = await project.sluice(['ask', 'gate', 'the first', '--json']);
    expect(JSON.parse(asked.stdout)).toMatchObject({ output: { text: 'the first is through' } });
    expect(asked.stderr).toMatch(/^gate is not deployed: .*sluice deploy gate\n$/);

    dev.process.kill('SIGINT');
    const { code, stderr } = await dev.ended;
    expect(code, stderr).toBe(0);
  });
});

describe('sluice ask', () => {
  it('says that its Temporal server was killed; asked again by the same key, the run goes on to its answer', async () => {
    const again = ['ask', 'gate', 'the second', '--key', 'k1', '--json'];
    const asking = project.start(again, gate.settings);
    await gate.entered('the second');
    process.kill(await temporalPid(), 'SIGKILL');
    const { code, stdout, stderr } = await asking.ended;
    expect(stderr).toMatch(
      /✖ the embedded Temporal server is gone: .*SIGKILL.*\n {2}read .*temporal\.log, then start again: what was/,
    );
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'server_ended' } });
    expect(code).toBe(1);

    gate.open('the second');
    const ended = await project.sluice(again, gate.settings);
    expect(ended.code, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'completed', output: { text: 'the second is through' } });
    const { runs } = JSON.parse((await project.sluice(['runs', '--json'])).stdout);
    expect(runs).toMatchObject([{ state: 'completed', idempotencyKey: 'k1' }, { state: 'completed' }]);
  });
});

describe('a port that was asked for and is taken', () => {
  let taken: Server;
  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => taken.close());

  it.each(['SLUICE_TEMPORAL_PORT', 'SLUICE_TEMPORAL_UI_PORT', 'SLUICE_DATABASE_PORT'])(
    'by %s is refused by name, and nothing is left running',
    async (setting) => {
      const { port } = taken.address() as { port: number };
      const { code, stderr } = await project.sluice(['ask', 'gate', 'x'], {
        ...gate.settings,
        [setting]: String(port),
      });
      expect(stderr).toMatch(
        new RegExp(`✖ port ${port} for .* is taken\\n {2}stop what listens there, set ${setting} to`),
      );
      expect(code).toBe(1);
      await expect(temporalPid()).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );
});
