/**
 * Metrics in Prometheus' text format, in a registry of their own: what is counted as requests come and go, what the process
 * says of itself, and what the store is asked when somebody scrapes.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { COLLECTORS, type Collected, type Collector, type Family } from './collectors.ts';
import { oneAtATime } from './health.ts';

export interface Metrics {
  readonly http: HttpMetrics;
  watch(watched: Watched): void;
  /** Whom to ask for what the store knows; until then nothing of that is there. */
  collect(from: Collected): void;
  scrape(): Promise<string>;
  readonly contentType: string;
}

/** Numbers of this process that are read when somebody scrapes. */
export interface Watched {
  /** One that ends in `_total` is a counter's. */
  readonly name: string;
  readonly help: string;
  /** Absent: there is one number. */
  readonly label?: string;
  /** By the label's value. */
  readonly read: () => number | { readonly [value: string]: number };
}

export interface MetricsOptions {
  readonly version: string;
  readonly collectors?: readonly Collector[];
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

/** How long an answer is kept at least. */
const KEPT_MS = 5_000;
/** And for so many times as long as it took: then asking takes a twentieth of one connection, however large tables are. */
const KEPT_TIMES = 20;
/** What the process cannot say yet, such as the delay of its event loop in the first moment. */
const NOT_KNOWN = /^.* Nan\n/gm;
/** For each question: Prometheus itself waits for ten seconds. */
const LIMIT_MS = 5_000;
/** Questions at a time. */
const LANES = 2;

export function createMetrics(options: MetricsOptions): Metrics {
  const { version, collectors = COLLECTORS, now = () => performance.now() } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    ...{ registers: [registry], name: 'sluice_build_info', labelNames: ['version'] },
    help: 'Always 1; its label says what runs.',
  }).set({ version }, 1);
  let refreshing: readonly (() => Promise<void>)[] = [];
  return Object.freeze({
    http: createHttpMetrics(registry),
    watch: (watched) => watch(registry, watched),
    collect(from) {
      const own = createOwn(registry);
      refreshing = collectors.map((each) => createRefresh(registry, own, each, { from, now }));
    },
    async scrape() {
      await inLanes(refreshing);
      return (await registry.metrics()).replaceAll(NOT_KNOWN, '');
    },
    contentType: registry.contentType,
  } satisfies Metrics);
}

/** A few at a time: those who ask pipelines need the store's connections, too. */
async function inLanes(all: readonly (() => Promise<void>)[]): Promise<void> {
  const left = all.values();
  const lane = async () => {
    for (const refresh of left) await refresh();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Read at once with the line that shows it. */
function watch(registry: Registry, { name, help, label, read }: Watched): void {
  const labels = label === undefined ? [] : [label];
  const metric = newMetric(registry, { name, help, labels }, () => {
    const value = read();
    const values = typeof value === 'number' ? [[undefined, value] as const] : Object.entries(value);
    fill(
      metric,
      values.map(([of, each]) => ({ labels: label === undefined ? {} : { [label]: of ?? '' }, value: each })),
    );
  });
}

/** How asking goes. */
function createOwn(registry: Registry) {
  const registers = [registry];
  const labelNames = ['collector'];
  return {
    up: new Gauge({
      ...{ registers, labelNames, name: 'sluice_collector_up' },
      help: '0 where the last question of this kind was not answered in time: its metrics are not there.',
    }),
    duration: new Gauge({
      ...{ registers, labelNames, name: 'sluice_collector_duration_seconds' },
      help: 'How long the last answer of this kind took; it is kept for 20 times as long, and for 5 s at least.',
    }),
  };
}

type Metric = Gauge | Counter;

function newMetric(
  registry: Registry,
  { name, help, labels }: Pick<Family, 'name' | 'help' | 'labels'>,
  collect?: () => void,
): Metric {
  const parts = { registers: [registry], name, help, labelNames: labels, ...(collect && { collect }) };
  return name.endsWith('_total') ? new Counter(parts) : new Gauge(parts);
}

/** Whatever was there goes; a family without samples has no line. */
function fill(metric: Metric, samples: Family['samples']): void {
  metric.reset();
  metric.remove({}); // reset makes a 0 of what has no label
  for (const { labels, value } of samples) metric.inc(labels, value);
}

function createRefresh(
  registry: Registry,
  { up, duration }: ReturnType<typeof createOwn>,
  { name, read, empty }: Collector,
  { from, now }: { readonly from: Collected; readonly now: () => number },
): () => Promise<void> {
  const metrics = new Map(empty.map((family) => [family.name, newMetric(registry, family)]));
  for (const metric of metrics.values()) fill(metric, []);
  let keptUntil = Number.NEGATIVE_INFINITY;
  const ask = oneAtATime(async () => {
    const startedAt = now();
    const families = await read(from).catch(() => undefined); // that it failed is what `up` says
    return { families, tookMs: now() - startedAt };
  }, LIMIT_MS);
  return async () => {
    if (now() < keptUntil) return;
    const { families, tookMs } = (await ask()) ?? { families: undefined, tookMs: LIMIT_MS };
    for (const family of families ?? empty) fill(metrics.get(family.name)!, family.samples);
    up.set({ collector: name }, Number(families !== undefined));
    duration.set({ collector: name }, tookMs / 1_000);
    keptUntil = now() + Math.max(KEPT_MS, KEPT_TIMES * tookMs);
  };
}

/** Others are `other`: a method may be any word. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
/** From what a database gives at once to what a run may be waited for, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface AnsweredRequest {
  readonly method: string;
  /** As it is written: `/v1/runs/{id}`; undefined where there is none. */
  readonly route: string | undefined;
  readonly status: number;
  /** Until the answer began. */
  readonly seconds: number;
  /** Why there were too many; of a 429 alone. */
  readonly refusal?: string | undefined;
}

export interface HttpMetrics {
  count(request: AnsweredRequest): void;
  /** Call what it gives, once, when the stream has ended. */
  openStream(): () => void;
}

/** What is counted as requests come and go. Labels are few: routes as they are written, never paths as they were asked for. */
function createHttpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry];
  const requests = new Counter({
    ...{ registers, name: 'sluice_http_requests_total', labelNames: ['method', 'route', 'status'] },
    help: 'Requests answered, by route as it is written.',
  });
  const duration = new Histogram({
    ...{ registers, name: 'sluice_http_request_duration_seconds', labelNames: ['method', 'route'], buckets: BUCKETS },
    help: 'Time until an answer began; a stream may go on long after that.',
  });
  const throttled = new Counter({
    ...{ registers, name: 'sluice_http_throttled_total', labelNames: ['reason'] },
    help: 'Requests answered with 429, by the code of the problem: rate_limited, overloaded, too_many_refused.',
  });
  const streams = new Gauge({
    ...{ registers, name: 'sluice_http_streams_open' },
    help: 'Answers that are being streamed as server-sent events.',
  });
  return Object.freeze({
    count({ method: asked, route = 'none', status, seconds, refusal }) {
      const method = METHODS.has(asked) ? asked : 'other';
      requests.inc({ method, route, status });
      duration.observe({ method, route }, seconds);
      if (status === 429) throttled.inc({ reason: refusal ?? 'other' });
    },
    openStream() {
      let isOpen = true;
      streams.inc();
      return () => {
        if (isOpen) streams.dec();
        isOpen = false;
      };
    },
  } satisfies HttpMetrics);
}
