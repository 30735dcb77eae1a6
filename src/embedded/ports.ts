/** Ports for the embedded servers: an asked one or a clear refusal; otherwise the usual one, or any free one. */
import getPort from 'get-port';
import { SluiceError } from '../base/errors.ts';

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
