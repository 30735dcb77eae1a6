/**
 * A loopback port that forwards to the Temporal server of a folder, at its current port. Temporal's clients keep
 * the address that they were made with; each new connection of theirs reads the state file again here.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { readServers, type Servers } from './dev-state.ts';

/** A client and a worker need a handful. */
const MAX_CONNECTIONS = 64;

export interface FollowedTemporal {
  /** For clients; a connection is closed at once while nothing serves the folder. */
  readonly address: string;
  /** The server that the last connection led to. */
  readonly server: Servers['temporal'];
  stop(): Promise<void>;
}

export async function followTemporal(folder: string, first: Servers['temporal']): Promise<FollowedTemporal> {
  let server = first;
  const open = new Set<Socket>();
  const forward = async (incoming: Socket): Promise<void> => {
    open.add(incoming);
    incoming.once('close', () => open.delete(incoming)).on('error', () => undefined);
    const found = (await readServers(folder))?.temporal;
    if (found === undefined) return void incoming.destroy();
    server = found;
    const [host, port] = found.address.split(':');
    const outgoing = connect({ host: host!, port: Number(port), noDelay: true });
    pipeline(incoming, outgoing, incoming, () => outgoing.destroy());
  };
  const listener = createServer({ noDelay: true }, (incoming) => void forward(incoming));
  listener.maxConnections = MAX_CONNECTIONS;
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    get server() {
      return server;
    },
    async stop() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
