/** A TCP proxy whose cable a test can cut and mend: an outage without stopping the server. */
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

export interface Cuttable {
  readonly url: string;
  /** Breaks what is connected, and refuses what comes, until mended. */
  cut(): void;
  mend(): void;
  /** Resolves when, from now on, this many connections have been refused. */
  refused(times: number): Promise<void>;
  /** Cuts as soon as a client sends something that contains `text`, letting it through first or not. */
  cutAt(text: string, when: 'before' | 'after'): void;
  stop(): Promise<void>;
}

export async function startCuttable(to: string): Promise<Cuttable> {
  const target = new URL(to);
  const socketFolder = target.searchParams.get('host');
  const address =
    socketFolder === null
      ? { host: target.hostname, port: Number(target.port) }
      : { path: join(socketFolder, '.s.PGSQL.5432') };
  const pairs = new Set<Socket>();
  const events = new EventEmitter();
  let isCut = false;
  let trigger: { readonly text: string; readonly when: 'before' | 'after' } | undefined;

  const cut = () => {
    isCut = true;
    for (const socket of pairs) socket.destroy();
  };
  const server = createServer((client) => {
    let answerIsLost = false;
    client.on('error', () => undefined);
    if (isCut) {
      client.destroy();
      events.emit('refused');
      return;
    }
    const upstream = connect(address);
    for (const socket of [client, upstream]) {
      pairs.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          pairs.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.on('data', (data: Buffer) => {
      const triggered = trigger !== undefined && data.includes(trigger.text);
      if (triggered && trigger?.when === 'before') return cut();
      upstream.write(data);
      answerIsLost ||= triggered;
    });
    upstream.on('data', (data: Buffer) => {
      if (answerIsLost) cut();
      else client.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(to);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut,
    mend() {
      isCut = false;
      trigger = undefined;
    },
    async refused(times) {
      for (let count = 0; count < times; count += 1) await once(events, 'refused');
    },
    cutAt(text, when) {
      trigger = { text, when };
    },
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
