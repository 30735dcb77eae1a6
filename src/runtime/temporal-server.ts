/**
 * The embedded Temporal server: Temporal's own development server and UI, with its state in one SQLite file. The flags
 * matter: with the default poll rates each dispatch waits for a 50 ms tick.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { SluiceError } from '../errors.ts';
import { startChild } from './child.ts';
import { choosePort, USUAL_PORTS } from './ports.ts';
import { SEARCH_ATTRIBUTE_TYPES } from './search-attributes.ts';

const START_LIMIT_MS = 30_000;
const CONNECT_LIMIT_MS = 1_000;
const POLLED_QUEUES = ['transfer', 'timer', 'visibility', 'outbound'];
const POLLS_PER_SECOND = 2_000;
/** Timers, and so every wait between attempts, are rounded up to this; the default is a second. */
const TIMER_GRAIN = '10ms';

export interface TemporalServerOptions {
  readonly cli: string;
  /** State and log are kept here. */
  readonly folder: string;
  readonly ports: { readonly temporal?: number; readonly temporalUi?: number };
  /** Whether the UI is served; default true. */
  readonly ui?: boolean;
  /** Whether state survives a restart; default true. */
  readonly persistent?: boolean;
}

export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Resolves when the server has ended, with the reason; after `stop`, too. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Resolves when the server answers.
 *
 * @throws SluiceError `port_taken`, or `temporal_start_failed` with the end of its log.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { folder, ui = true, persistent = true } = options;
  await mkdir(folder, { recursive: true });
  const setting = 'SLUICE_TEMPORAL_PORT';
  const port = await choosePort({
    what: 'Temporal',
    setting,
    asked: options.ports.temporal,
    usual: USUAL_PORTS.temporal,
  });
  const uiSetting = 'SLUICE_TEMPORAL_UI_PORT';
  const uiPort = await choosePort({
    what: 'the Temporal UI',
    setting: uiSetting,
    asked: options.ports.temporalUi,
    usual: USUAL_PORTS.temporalUi,
  });
  const args = [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'],
    ...(ui ? ['--ui-port', String(uiPort)] : ['--headless']),
    ...(persistent ? ['--db-filename', join(folder, 'temporal.db')] : []),
    ...POLLED_QUEUES.flatMap((queue) => dynamic(`history.${queue}ProcessorMaxPollRPS`, POLLS_PER_SECOND)),
    ...dynamic('history.timerProcessorMaxTimeShift', `"${TIMER_GRAIN}"`),
    ...dynamic('matching.enableFairness', true),
    ...Object.entries(SEARCH_ATTRIBUTE_TYPES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
  const logFile = join(folder, 'temporal.log');
  const child = await startChild(options.cli, args, logFile);
  const address = `127.0.0.1:${port}`;
  try {
    await Promise.race([
      answers(address),
      child.ended.then((why) => {
        throw startFailed(why, logFile);
      }),
    ]);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { address, uiUrl: `http://localhost:${uiPort}`, pid: child.pid, ended: child.ended, stop: child.stop };
}

const dynamic = (key: string, value: number | boolean | string) => ['--dynamic-config-value', `${key}=${value}`];

/** Asks until the server answers; each try has its own limit, so a half-open port cannot hold it up. */
async function answers(address: string): Promise<void> {
  const giveUpAt = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: CONNECT_LIMIT_MS });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      return await connection.close();
    } catch (error) {
      if (Date.now() > giveUpAt) throw startFailed(`no answer within ${START_LIMIT_MS} ms (${String(error)})`, address);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function startFailed(why: string, where: string): SluiceError {
  return new SluiceError('temporal_start_failed', {
    message: `the embedded Temporal server did not start: ${why}`,
    remedy: `read ${where}; if its state is damaged, move temporal.db away (running executions are lost, answers are not)`,
  });
}
