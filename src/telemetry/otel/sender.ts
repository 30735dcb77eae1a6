/** Sends spans by OTLP over HTTP, as protobuf. The one file that makes OpenTelemetry's own objects. */
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { readPackage } from '../../base/package.ts';
import { parsePairs, type TraceConfig } from '../../config/trace-config.ts';
import type { Attributes, SpanData } from './span-data.ts';

export interface Sender {
  /** Resolves when the receiver has them. @throws Error with what it said, or why it could not be asked */
  send(spans: readonly SpanData[]): Promise<void>;
  stop(): Promise<void>;
}

/** A request of the exporter's, its own tries at it included. */
const REQUEST_MS = 10_000;

export function createSender({ url, headers, serviceName, resource }: TraceConfig): Sender {
  const { version } = readPackage();
  const sent = headers === undefined ? {} : Object.fromEntries(parsePairs(headers.reveal()) ?? []);
  const exporter = new OTLPTraceExporter({ url, headers: sent, timeoutMillis: REQUEST_MS });
  const shared = {
    resource: resourceFromAttributes({
      ...Object.fromEntries(resource),
      [ATTR_SERVICE_NAME]: serviceName,
      [ATTR_SERVICE_VERSION]: version,
    }),
    instrumentationScope: { name: 'sluice', version },
  };
  return Object.freeze({
    send: (spans) =>
      new Promise<void>((resolve, reject) => {
        exporter.export(
          spans.map((span) => ({ ...shared, ...readable(span) })),
          ({ code, error }) => (code === 0 ? resolve() : reject(error ?? new Error('the traces were not taken'))),
        );
      }),
    stop: () => exporter.shutdown(),
  } satisfies Sender);
}

type Readable = Omit<ReadableSpan, 'resource' | 'instrumentationScope'>;

function readable(span: SpanData): Readable {
  const { traceId, spanId, parentId, name, kind, startedAt, endedAt, failure, attributes, events } = span;
  const contextOf = (id: string) => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED });
  return {
    ...{ name, kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL },
    spanContext: () => contextOf(spanId),
    ...(parentId !== undefined && { parentSpanContext: contextOf(parentId) }),
    ...{ startTime: timeOf(startedAt), endTime: timeOf(endedAt), duration: timeOf(endedAt - startedAt), ended: true },
    status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
    attributes: known(attributes),
    events: events.map((event) => ({ name: event.name, time: timeOf(event.at), attributes: known(event.attributes) })),
    ...{ links: [], droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

/** OpenTelemetry's times: seconds, and nanoseconds of the next. */
function timeOf(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}

function known(attributes: Attributes) {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'object' ? [...value] : value!]));
}
