/**
 * A real OTLP receiver, in another language than the exporter: Rotel, a collector written in Rust, which prints what it
 * takes. `SLUICE_TEST_OTLP_BIN` is its program; it comes as a Python package.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import getPort from 'get-port';

/** Why there is none to test with; undefined where there is. */
export const noOtlpReceiver: string | undefined = process.env.SLUICE_TEST_OTLP_BIN
  ? undefined
  : 'SLUICE_TEST_OTLP_BIN is not set';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly parentId: string;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: string;
  /** As the receiver prints them: `Str(chat)`, `Int(12)`. */
  readonly attributes: { readonly [name: string]: string };
}

export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** All that were taken so far, repeated ones included. */
  spans(): readonly ReceivedSpan[];
  /** What it printed. */
  text(): string;
  /** It is away; `start` brings it back at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const [http, grpc] = [await getPort(), await getPort()];
  let printed = '';
  let stop: () => Promise<void> = async () => undefined;
  async function start(): Promise<void> {
    const child = spawn(
      process.env.SLUICE_TEST_OTLP_BIN!,
      [
        ...['start', '--exporter', 'blackhole', '--debug-log', 'traces', '--debug-log-verbosity', 'detailed'],
        ...['--otlp-http-endpoint', `127.0.0.1:${http}`, '--otlp-grpc-endpoint', `127.0.0.1:${grpc}`],
        ...['--pid-file', join(tmpdir(), `sluice-otlp-${http}.pid`)],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    stop = async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    };
    await reachable(http);
  }
  await start();
  return {
    url: `http://127.0.0.1:${http}`,
    spans: () => spansIn(printed),
    text: () => printed,
    stop: () => stop(),
    start,
  };
}

async function reachable(port: number): Promise<void> {
  for (;;) {
    const socket = createConnection(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
}

/** Its text is what the collector's own debug exporter prints: a line per attribute, which may itself have lines. */
function spansIn(printed: string): readonly ReceivedSpan[] {
  return stripVTControlCharacters(printed)
    .split(/^Span #\d+$/m)
    .slice(1)
    .map((text) => {
      const field = (name: string) => new RegExp(`^ *${name} *: *(.*)$`, 'm').exec(text)?.[1] ?? '';
      const attributes = [...text.matchAll(/^ {5}-> ([\w.]+): (.*)$/gm)].map(([, name, value]) => [name, value]);
      return {
        ...{ traceId: field('Trace ID'), parentId: field('Parent ID'), id: field('ID'), name: field('Name') },
        ...{ kind: field('Kind'), status: field('Status code') },
        ...{ startedAt: milliseconds(field('Start time')), endedAt: milliseconds(field('End time')) },
        attributes: Object.fromEntries(attributes),
      };
    });
}

/** Nanoseconds since the epoch are more than a number holds. */
const milliseconds = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1_000n) / 1_000;
