/**
 * Exports traces of ended runs, from the store and not from the process that ran them, so that a crash loses none. Each
 * is sent at least once, as the same spans, and waits while the receiver is unreachable.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import {
  ATTR_GEN_AI_EVALUATION_EXPLANATION,
  ATTR_GEN_AI_EVALUATION_NAME,
  ATTR_GEN_AI_EVALUATION_SCORE_LABEL,
  ATTR_GEN_AI_EVALUATION_SCORE_VALUE,
  EVENT_GEN_AI_EVALUATION_RESULT,
} from '@opentelemetry/semantic-conventions/incubating';
import { SluiceError } from '../../base/errors.ts';
import { readPackage } from '../../base/package.ts';
import { parsePairs, type TraceConfig } from '../../config/trace-config.ts';
import type { Json } from '../../plan/plan.ts';
import type { FeedbackRow } from '../../store/feedback.ts';
import type { Store } from '../../store/store.ts';
import type { ExportItem, TraceExports } from '../../store/traces.ts';
import { loadTrace, type TraceSource } from '../load-trace.ts';
import { type Attributes, cutText, isSampled, rootIdOf, type SpanData, spanIdOf, spansOf, traceIdOf } from './spans.ts';

export interface ExportSettings {
  /** Share of runs that is exported; failed runs are always exported. */
  readonly share: number;
  readonly hasContent: boolean;
}

export interface ExportDependencies extends ExportSettings {
  readonly source: TraceSource;
  readonly exports: TraceExports;
  readonly send: (spans: readonly SpanData[]) => Promise<void>;
  /** Called once when exports begin to fail, and once when they work again. */
  readonly onChange: (message: string) => void;
}

/** Items of one claim, and its lifetime: many times the duration of an export. */
const [CLAIMED, CLAIM_MS] = [20, 120_000];
/** Limits of one request: receivers accept a few megabytes. */
const [SPANS, CHARACTERS] = [512, 2_000_000];
/** Retries after 5, 10, 20 ... 600 s; gives up after three days. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS, GIVEN_UP_MS] = [5_000, 600_000, 3 * 86_400_000];
/** Beyond this queue length the oldest are left out. */
const MOST_WAITING = 100_000;
/** The database notes runs that end within this time after a worker last asked for traces. */
const WANTED_MS = 7 * 86_400_000;
const WANT_AGAIN_MS = 600_000;

export interface TraceExport {
  /** Sends what is due, up to a number; whether there may be more. */
  round(): Promise<boolean>;
}

export function createTraceExport(dependencies: ExportDependencies): TraceExport {
  const { exports, send, onChange } = dependencies;
  let wantedAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;

  async function keepWanting(): Promise<void> {
    if (performance.now() - wantedAt < WANT_AGAIN_MS) return;
    await exports.want(WANTED_MS);
    await exports.trim(MOST_WAITING);
    wantedAt = performance.now();
  }

  /** Whether they could be sent. */
  async function trySending(items: readonly ExportItem[], spans: readonly SpanData[]): Promise<boolean> {
    try {
      for (const request of requestsOf(spans)) await send(request);
      if (isFailing) onChange('traces can be sent again');
      isFailing = false;
      await exports.settle(items, 'exported');
      return true;
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      if (!isFailing) onChange(`traces cannot be sent, and wait: ${messageOf(error)}`);
      isFailing = true;
      await postpone(items, messageOf(error));
      return false;
    }
  }

  async function postpone(items: readonly ExportItem[], error: string): Promise<void> {
    for (const [tries, same] of Map.groupBy(items, ({ tries }) => tries)) {
      const ms = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 30), LONGEST_PAUSE_MS);
      const given = await exports.postpone(same, { error, ms, mostMs: GIVEN_UP_MS });
      if (given > 0) onChange(`${given} traces are given up, after three days: ${error}`);
    }
  }

  async function round(): Promise<boolean> {
    await keepWanting();
    const claimed = await exports.claim(CLAIMED, CLAIM_MS);
    const wanted = claimed.filter(({ runId, state }) => state === 'failed' || isSampled(runId, dependencies.share));
    const leftOut = claimed.filter((item) => !wanted.includes(item));
    // One that failed before goes alone: the others must not wait for what a receiver never takes.
    const fresh = wanted.filter(({ tries }) => tries === 1);
    const groups = [
      ...(fresh.length > 0 ? [fresh] : []),
      ...wanted.filter(({ tries }) => tries > 1).map((item) => [item]),
    ];
    for (const [place, group] of groups.entries()) {
      const { spans, gone, broken } = await spansOfAll(dependencies, group);
      leftOut.push(...gone);
      if (broken.length > 0) await postpone(broken, 'its trace could not be put together');
      const ready = group.filter((item) => !gone.includes(item) && !broken.includes(item));
      if (ready.length === 0 || (await trySending(ready, spans))) continue;
      // The receiver is away, or refuses this one: what was not tried is due again when it has been back for a moment.
      const untried = groups.slice(place + 1).flat();
      if (isFailing && untried.length > 0) await postpone(untried, 'another could not be sent');
      break;
    }
    if (leftOut.length > 0) await exports.settle(leftOut, 'left_out');
    return claimed.length === CLAIMED && !isFailing;
  }

  return Object.freeze({ round });
}

async function spansOfAll({ source, hasContent }: ExportDependencies, items: readonly ExportItem[]) {
  const spans: SpanData[] = [];
  const [gone, broken]: [ExportItem[], ExportItem[]] = [[], []];
  for (const item of items) {
    try {
      const made = await spansOfItem(source, item, hasContent);
      if (made === undefined) gone.push(item);
      else spans.push(...made);
    } catch (error) {
      // Without the database nothing can be done; one strange record must not keep the others.
      if (error instanceof SluiceError && error.code.startsWith('database_')) throw error;
      broken.push(item);
    }
  }
  return { spans, gone, broken };
}

/** Undefined where it is not there any more. */
async function spansOfItem(
  source: TraceSource,
  { runId, part }: ExportItem,
  hasContent: boolean,
): Promise<readonly SpanData[] | undefined> {
  if (part !== '') {
    const given = await source.store.feedback.ofRun(runId);
    const feedback = given.find(({ feedbackId }) => feedbackId === part);
    return feedback && [feedbackSpan(feedback, hasContent)];
  }
  try {
    return spansOf(await loadTrace(source, runId), hasContent);
  } catch (error) {
    if (error instanceof SluiceError && GONE.has(error.code)) return undefined;
    throw error;
  }
}

const GONE: ReadonlySet<string> = new Set(['run_unknown', 'plan_unknown']);

function* requestsOf(spans: readonly SpanData[]): Generator<readonly SpanData[]> {
  let request: SpanData[] = [];
  let characters = 0;
  for (const span of spans) {
    const size = JSON.stringify(span).length;
    if (request.length === SPANS || (request.length > 0 && characters + size > CHARACTERS)) {
      yield request;
      request = [];
      characters = 0;
    }
    request.push(span);
    characters += size;
  }
  if (request.length > 0) yield request;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500);

/** @param hasContent whether notes and texts go along */
export function feedbackSpan(feedback: FeedbackRow, hasContent: boolean): SpanData {
  const { feedbackId, runId, at, receivedAt, by, isSimulated } = feedback;
  return {
    ...{ traceId: traceIdOf(runId), spanId: spanIdOf(runId, `feedback ${feedbackId}`), parentId: rootIdOf(runId) },
    ...{ name: 'feedback', kind: 'internal', startedAt: at, endedAt: Math.max(receivedAt, at) },
    attributes: {
      'openinference.span.kind': 'EVALUATOR',
      'sluice.run.id': runId,
      'sluice.feedback.id': feedbackId,
      'sluice.feedback.simulated': isSimulated ? true : undefined,
      'sluice.feedback.by': hasContent ? (by ?? undefined) : undefined,
    },
    events: resultsOf(feedback, hasContent).map((attributes) => ({
      ...{ name: EVENT_GEN_AI_EVALUATION_RESULT, at, attributes },
    })),
  };
}

function resultsOf({ thumb, score, emoji, note, fields }: FeedbackRow, hasContent: boolean): readonly Attributes[] {
  const explained = { [ATTR_GEN_AI_EVALUATION_EXPLANATION]: hasContent && note !== null ? cutText(note) : undefined };
  const named = (name: string, more: Attributes) => ({ [ATTR_GEN_AI_EVALUATION_NAME]: name, ...more, ...explained });
  return [
    ...(thumb === null
      ? []
      : [
          named('thumb', {
            [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: thumb,
            [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: thumb === 1 ? 'up' : 'down',
          }),
        ]),
    ...(score === null ? [] : [named('score', { [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: score })]),
    ...(emoji === null ? [] : [named('emoji', { [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: emoji })]),
    ...(thumb === null && score === null && emoji === null && note !== null ? [named('note', {})] : []),
    ...Object.entries(fields ?? {}).flatMap(([name, value]) =>
      fieldOf(value, hasContent).map((field) => named(name, field)),
    ),
  ];
}

/** Numbers and truths are scores; texts are content. */
function fieldOf(value: Json, hasContent: boolean): readonly Attributes[] {
  if (typeof value === 'number') return [{ [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: value }];
  if (typeof value === 'boolean')
    return [
      { [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: Number(value), [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: String(value) },
    ];
  if (typeof value === 'string' && hasContent) return [{ [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: cutText(value, 200) }];
  return [];
}

export interface Sender {
  /** Resolves when the receiver has them. @throws Error with its response, or why it was not reached */
  send(spans: readonly SpanData[]): Promise<void>;
  stop(): Promise<void>;
}

/** A request of the exporter's, its own tries at it included. */
const REQUEST_MS = 10_000;

/** Sends spans by OTLP over HTTP, as protobuf. The one file that makes OpenTelemetry's own objects. */
function createSender({ url, headers, serviceName, resource }: TraceConfig): Sender {
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

// Runs the export while a worker runs.

/** Pause when nothing is due. */
const PAUSE_MS = 2_000;
/** Pause after a failure of the database. */
const OUTAGE_MS = 10_000;
/** Time limit of the last round of an ending worker, whose only run may have ended just now. */
const LAST_MS = 3_000;

export interface RunningTraceExport {
  /** Stops after one more round; unsent traces wait for another worker. */
  stop(): Promise<void>;
}

interface Dependencies {
  readonly store: Store;
  readonly urlOf: (runId: string) => string;
  readonly onChange: (message: string) => void;
}

/** Sends traces until `stop`. Only a worker with a receiver loads this module. */
export async function startTraceExport(
  config: TraceConfig,
  { store, urlOf, onChange }: Dependencies,
): Promise<RunningTraceExport> {
  const sender = createSender(config);
  const { share, hasContent } = config;
  const { round } = createTraceExport({
    ...{ source: { store, urlOf }, exports: store.traceExports, send: sender.send, onChange, share, hasContent },
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);

  async function work(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (!(await round())) await pause(PAUSE_MS);
      } catch (error) {
        onChange(`traces are not looked for now: ${error instanceof Error ? error.message : String(error)}`);
        await pause(OUTAGE_MS);
      }
    }
  }
  const working = work();
  return Object.freeze({
    async stop() {
      stopping.abort();
      await working;
      await Promise.race([round().catch(() => false), delay(LAST_MS, undefined, { ref: false })]);
      await sender.stop();
    },
  });
}
