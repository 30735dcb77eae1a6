/** Where people look at Temporal: the UI of the embedded server, or of a real one as configured. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import getPort from 'get-port';
import { SluiceError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';

/** Where the embedded Temporal server and its UI listen, if they may. */
export const USUAL_PORTS = { temporal: 7233, temporalUi: 8233 } as const;

export interface PortWish {
  /** What the port is for, in the error. */
  readonly what: string;
  /** The setting that asks for a port, and what it asks. */
  readonly setting: string;
  readonly asked?: number | undefined;
  /** Taken where it is free. */
  readonly usual: number;
}

/**
 * @throws SluiceError `port_taken` when a port was asked for and something listens there.
 */
export async function choosePort({ what, setting, asked, usual }: PortWish): Promise<number> {
  const port = await getPort({ port: asked ?? usual, host: '127.0.0.1' });
  if (asked === undefined || port === asked) return port;
  throw new SluiceError('port_taken', {
    message: `port ${asked} for ${what} is taken`,
    remedy: `stop what listens there, set ${setting} to another port, or unset it to have a free one chosen`,
    data: { port: asked, setting },
  });
}

export interface TemporalUi {
  readonly uiUrl: string;
  readonly namespace: string;
}

/** The UI of a real server: as configured, else where Temporal's own images serve it. */
export function uiOf(config: Config, address: string): string {
  return config.temporalUi ?? `http://${address.split(':')[0]}:${USUAL_PORTS.temporalUi}`;
}

/** The UI of what the config names, or of the embedded server as it usually starts; asks no server. */
export function expectedUi(config: Config): TemporalUi {
  if (!config.temporalConfigured)
    return {
      uiUrl: `http://localhost:${config.ports.temporalUi ?? USUAL_PORTS.temporalUi}`,
      namespace: 'default',
    };
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  return { uiUrl: uiOf(config, connectionOptions.address ?? 'localhost'), namespace };
}

export function workflowUrl({ uiUrl, namespace }: TemporalUi, workflowId: string): string {
  return `${uiUrl}/namespaces/${namespace}/workflows/${workflowId}`;
}
