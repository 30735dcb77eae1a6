/**
 * Connections to Temporal: an embedded server's, or a real one as Temporal's own environment variables and profiles name
 * it. One place decides, so nothing else differs between the two.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnection, NativeConnectionOptions } from '@temporalio/worker';
import { SluiceError } from '../base/errors.ts';
import { ATTRIBUTES } from '../model/run-messages.ts';

const CONNECT_LIMIT_MS = 10_000;
/**
 * What the SDK means to set, and names otherwise than gRPC does. What a workflow task adds to a history is one message, and
 * with many large calls at once far above gRPC's own 4 MB.
 */
const CHANNEL = {
  'grpc.max_receive_message_length': 128 * 1024 * 1024,
  // gRPC's own pauses grow to two minutes, which a server that is back would seem to be away.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};
/** gRPC's code for a server that is not there. */
const UNAVAILABLE = 14;
/** Within a second. The SDK's own ten attempts take twenty, without a word: outages are ridden through in `outage.ts`. */
const ATTEMPTS_WHILE_AWAY = 4;
/** Timers may be late by about this. */
const TIMER_SLACK_MS = 50;

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
}

interface Settings {
  readonly connection: NativeConnectionOptions;
  readonly namespace: string;
}

export interface TemporalConnection extends TemporalAddress {
  readonly client: Client;
  readonly connection: Connection;
  /** A worker's own connection; only workers need one. */
  connectWorker(): Promise<NativeConnection>;
  close(): Promise<void>;
}

/**
 * @param dataConverter as `dataConverterOf` has it
 * @param embedded where the embedded server listens; absent: what the environment says
 * @throws SluiceError `temporal_unreachable`.
 */
export async function connectTemporal(
  dataConverter: DataConverter,
  embedded?: TemporalAddress,
): Promise<TemporalConnection> {
  const { connection: options, namespace } = embedded ? settingsOf(embedded) : configuredSettings();
  const address = options.address ?? 'localhost:7233';
  const retries = createRetries();
  const interceptors = [makeGrpcRetryInterceptor(retries.options)];
  const ours = { channelArgs: CHANNEL, interceptors, connectTimeout: CONNECT_LIMIT_MS };
  const connecting = Connection.connect({ ...options, ...ours });
  const connection = await connecting.catch((cause) => {
    throw unreachable(address, cause);
  });
  const client = new Client({ connection, namespace, dataConverter });
  return {
    address,
    namespace,
    client,
    connection,
    async connectWorker() {
      const { NativeConnection } = await import('@temporalio/worker');
      return NativeConnection.connect(options).catch((cause: unknown) => {
        throw unreachable(address, cause);
      });
    },
    async close() {
      await retries.settled();
      await connection.close();
    },
  };
}

const settingsOf = ({ address, namespace }: TemporalAddress): Settings => ({ connection: { address }, namespace });

function configuredSettings(): Settings {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { connection: connectionOptions, namespace: namespace ?? 'default' };
}

interface Retries {
  readonly options: ReturnType<typeof defaultGrpcRetryOptions>;
  /** Lets no further retry begin, and resolves when those that wait have begun. */
  settled(): Promise<void>;
}

/** A retry that wakes after its connection was closed throws where nobody can catch it: so the close waits for it. */
function createRetries(): Retries {
  const usual = defaultGrpcRetryOptions();
  let isClosing = false;
  let lastBeginsAt = 0;
  return {
    options: {
      retryableDecider: (attempt, status) =>
        !isClosing &&
        usual.retryableDecider(attempt, status) &&
        (status.code !== UNAVAILABLE || attempt < ATTEMPTS_WHILE_AWAY),
      delayFunction: (attempt, status) => {
        const pauseMs = usual.delayFunction(attempt, status);
        lastBeginsAt = Math.max(lastBeginsAt, performance.now() + pauseMs);
        return pauseMs;
      },
    },
    async settled() {
      isClosing = true;
      const pauseMs = lastBeginsAt - performance.now();
      if (pauseMs > 0) await delay(pauseMs + TIMER_SLACK_MS);
    },
  };
}

function unreachable(address: string, cause: unknown): SluiceError {
  return new SluiceError('temporal_unreachable', {
    message: `no Temporal server answers at ${address}`,
    remedy: 'start it, correct TEMPORAL_ADDRESS, or unset it to use the embedded server',
    retryable: true,
    data: { address },
    cause,
  });
}

// Search attributes: what runs can be found by in the Temporal UI. A server knows only registered ones and refuses a
// start that sets another, so a worker registers what is missing, or names the command that does.

export const SEARCH_ATTRIBUTE_TYPES: { readonly [name: string]: 'Keyword' | 'KeywordList' | 'Double' } = {
  [ATTRIBUTES.pipeline]: 'Keyword',
  [ATTRIBUTES.plan]: 'Keyword',
  [ATTRIBUTES.outcome]: 'Keyword',
  [ATTRIBUTES.unit]: 'Keyword',
  [ATTRIBUTES.experiments]: 'KeywordList',
  [ATTRIBUTES.arms]: 'KeywordList',
  [ATTRIBUTES.score]: 'Double',
  [ATTRIBUTES.costUsd]: 'Double',
};

/** The numbers of `temporal.api.enums.v1.IndexedValueType`. */
const TYPE_NUMBERS = { Keyword: 2, Double: 4, KeywordList: 7 } as const;

/**
 * Registers what the namespace lacks.
 *
 * @throws SluiceError `search_attributes_missing`, with the command to give, where this client may not register.
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const listed = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTE_TYPES).filter(([name]) => !(name in (listed.customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, TYPE_NUMBERS[type]])),
    });
  } catch (cause) {
    const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
    throw new SluiceError('search_attributes_missing', {
      message: `namespace '${namespace}' lacks search attributes, and they could not be registered: ${String(cause)}`,
      remedy: `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      data: { missing: missing.map(([name]) => name) },
      cause,
    });
  }
}
