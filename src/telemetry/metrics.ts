/**
 * Metrics in Prometheus' text format, in a registry of their own: HTTP counters, process metrics, and measures read
 * from the store at each scrape.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { QUANTILES } from '../store/measures.ts';
import type { Store } from '../store/store.ts';
import { type Health, oneAtATime, rankOf } from './health.ts';

export interface Metrics {
  readonly http: HttpMetrics;
  watch(watched: Watched): void;
  /** Sets the source of store measures; without it there are none. */
  collect(from: Collected): void;
  scrape(): Promise<string>;
  readonly contentType: string;
}

/** A number of this process that is read at each scrape. */
export interface Watched {
  /** A name that ends in `_total` makes a counter. */
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

/** Minimum lifetime of a cached measure. */
const KEPT_MS = 5_000;
/**
 * Lifetime as a multiple of the query's duration: queries then use a twentieth of one connection, however large tables
 * are.
 */
const KEPT_TIMES = 20;
/** Values that are not known yet, such as the event loop delay at the start. */
const NOT_KNOWN = /^.* Nan\n/gm;
/** Time limit of one measure; Prometheus waits for ten seconds. */
const LIMIT_MS = 5_000;
/** Measures read at the same time. */
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

/** Reads a few at a time, since runs need the store's connections too. */
async function inLanes(all: readonly (() => Promise<void>)[]): Promise<void> {
  const left = all.values();
  const lane = async () => {
    for (const refresh of left) await refresh();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Reads the number when its line is written. */
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

/** Metrics of the collectors themselves. */
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

/** Replaces all samples; a family without samples has no line. */
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

// Measures read from the store: one query each, and the families made from its rows. Unknown values are omitted: an
// absent line cannot be mistaken for 0.

export interface Collected {
  readonly store: Pick<Store, 'measures' | 'vitals' | 'monitors' | 'traceExports'>;
  readonly health: () => Promise<Health>;
}

export interface Sample {
  readonly labels: { readonly [label: string]: string };
  readonly value: number;
}

/** A name that ends in `_total` makes a counter, all others gauges. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: readonly Sample[];
}

export interface Collector {
  readonly name: string;
  readonly read: (from: Collected) => Promise<readonly Family[]>;
  /** Its families without samples, used after a failed query. */
  readonly empty: readonly Family[];
}

/** One metric family: its lines per row; null values have no line. */
export interface Column<Row> extends Omit<Family, 'labels' | 'samples'> {
  /** Columns that become labels; `as` renames them. */
  readonly by: readonly (keyof Row & string)[];
  readonly as?: readonly string[];
  readonly lines: (row: Row) => readonly (readonly [value: number | null, ...more: readonly string[]])[];
  readonly more?: readonly string[];
}

/** Makes a collector from a query and the columns of its rows. */
function collector<Row>(
  name: string,
  ask: (from: Collected) => Promise<readonly Row[]>,
  columns: readonly Column<Row>[],
): Collector {
  const familiesOf = (rows: readonly Row[]): readonly Family[] =>
    columns.map(({ name, help, by, as = by, more = [], lines }) => ({
      ...{ name, help, labels: [...as, ...more] },
      samples: rows.flatMap((row) =>
        lines(row).flatMap(([value, ...rest]) => {
          if (value === null) return [];
          const values = [...by.map((column) => String(row[column])), ...rest];
          return [{ labels: Object.fromEntries([...as, ...more].map((label, at) => [label, values[at]!])), value }];
        }),
      ),
    }));
  return { name, read: async (from) => familiesOf(await ask(from)), empty: familiesOf([]) };
}

/** A family of one line per row. */
const one =
  <Row>(value: (row: Row) => number | null): Column<Row>['lines'] =>
  (row) => [[value(row)]];

const SECONDS = 1_000;
/** Experiments with lines of their own. */
const MOST_EXPERIMENTS = 100;

const COLLECTORS: readonly Collector[] = [
  collector('health', async ({ health }) => [await health()], [
    {
      ...{ name: 'sluice_health_status', by: [], help: 'The worst of all checks: 0 ok, 1 degraded, 2 down.' },
      lines: one(({ status }) => rankOf(status)),
    },
    {
      ...{ name: 'sluice_health_check_status', by: [], more: ['check'], help: 'Of a check: 0 ok, 1 degraded, 2 down.' },
      lines: ({ checks }) => checks.map(({ status, name }) => [rankOf(status), name]),
    },
    {
      ...{ name: 'sluice_stalled', by: [], more: ['check'] },
      help: 'What stands still, by the check that counts it; none where that is not known.',
      lines: ({ checks }) => checks.map(({ stalled, name }) => [stalled, name]),
    },
  ]),
  collector('runs', ({ store }) => store.measures.runs(), [
    {
      ...{ name: 'sluice_recent_runs_started', by: ['pipeline'], help: 'Runs begun in the last five minutes.' },
      lines: one(({ started }) => started),
    },
    {
      ...{ name: 'sluice_recent_runs_ended', by: ['pipeline'], more: ['outcome'] },
      help: 'Runs ended in the last five minutes, of those that began within the last hour.',
      lines: (row) => (['completed', 'degraded', 'failed', 'cancelled'] as const).map((state) => [row[state], state]),
    },
    {
      ...{ name: 'sluice_recent_run_duration_seconds', by: ['pipeline'], more: ['q'] },
      help: 'Quantiles from start to end, of the same runs, where they have an answer; none where none has.',
      lines: ({ seconds }) => QUANTILES.map((quantile, at) => [seconds?.[at] ?? null, String(quantile)]),
    },
  ]),
  collector('unfinished', ({ store }) => store.measures.unfinished(), [
    {
      ...{ name: 'sluice_unfinished_runs', by: ['pipeline'], help: 'Runs that have begun and not ended.' },
      lines: one(({ runs }) => runs),
    },
    {
      ...{
        name: 'sluice_unfinished_run_age_seconds',
        by: ['pipeline'],
        help: 'Age of the oldest run that has not ended.',
      },
      lines: one(({ oldestMs }) => oldestMs / SECONDS),
    },
  ]),
  collector('spending', ({ store }) => store.measures.spending(), [
    {
      ...{ name: 'sluice_provider_calls_today', by: ['provider', 'model'] },
      help: 'Calls to providers since midnight UTC.',
      lines: one(({ calls }) => calls),
    },
    {
      ...{ name: 'sluice_provider_failed_calls_today', by: ['provider', 'model'] },
      help: 'Calls to providers since midnight UTC that failed.',
      lines: one(({ failed }) => failed),
    },
    {
      ...{ name: 'sluice_provider_unknown_cost_calls_today', by: ['provider', 'model'] },
      help: 'Calls since midnight UTC whose cost is not known; they are not in the cost.',
      lines: one(({ unknown }) => unknown),
    },
    {
      ...{ name: 'sluice_provider_cost_usd_today', by: ['provider', 'model'] },
      help: 'US dollars since midnight UTC, of calls whose cost is known; none where none is.',
      lines: one(({ usd, calls, unknown }) => (unknown < calls ? usd : null)),
    },
    {
      ...{ name: 'sluice_provider_tokens_today', by: ['provider', 'model'], more: ['direction'] },
      help: 'Tokens since midnight UTC, as far as they are known.',
      lines: ({ inputTokens, outputTokens }) => [
        [inputTokens, 'input'],
        [outputTokens, 'output'],
      ],
    },
  ]),
  collector('feedback', ({ store }) => store.measures.feedback(), [
    {
      ...{ name: 'sluice_recent_feedback', by: ['pipeline'], more: ['thumb'] },
      help: 'Feedback of the last hour, simulations left out; thumb is up, down, or none.',
      lines: ({ up, down, other }) => [
        [up, 'up'],
        [down, 'down'],
        [other, 'none'],
      ],
    },
  ]),
  collector('experiments', ({ store }) => store.measures.experiments(), [
    {
      ...{
        name: 'sluice_experiments',
        by: ['state'],
        help: 'Experiments and rollouts, by state, ended ones included.',
      },
      lines: one(({ count }) => count),
    },
  ]),
  collector('looks', async ({ store }) => (await store.vitals.liveExperiments()).slice(0, MOST_EXPERIMENTS), [
    {
      ...{ name: 'sluice_experiment_looks_total', help: 'Looks at a live experiment.' },
      ...{ by: ['experimentId', 'pipeline'], as: ['experiment', 'pipeline'] },
      lines: one(({ looks }) => looks),
    },
    {
      ...{ name: 'sluice_experiment_quiet_seconds', by: ['experimentId', 'pipeline', 'state'] },
      ...{ as: ['experiment', 'pipeline', 'state'] },
      help: 'Since the last entry in the ledger of a live experiment: a look, or what somebody did.',
      lines: one(({ quietMs }) => quietMs / SECONDS),
    },
    {
      ...{ name: 'sluice_experiment_look_interval_seconds', help: 'How often a live experiment is to be looked at.' },
      ...{ by: ['experimentId', 'pipeline'], as: ['experiment', 'pipeline'] },
      lines: one(({ lookEveryMs }) => lookEveryMs / SECONDS),
    },
    {
      ...{ name: 'sluice_experiment_decision', help: '1 for what the last look at a live experiment decided.' },
      ...{ by: ['experimentId', 'pipeline'], as: ['experiment', 'pipeline'], more: ['decision'] },
      lines: ({ decision }) => (decision === null ? [] : [[1, decision]]),
    },
  ]),
  collector('score_tasks', ({ store }) => store.measures.scoreTasks(), [
    {
      ...{ name: 'sluice_score_tasks_queued', by: ['experimentId'], as: ['experiment'] },
      help: 'Runs of a live experiment that wait for a score.',
      lines: one(({ queued }) => queued),
    },
    {
      ...{ name: 'sluice_recent_score_tasks_ended', by: ['experimentId'], as: ['experiment'], more: ['outcome'] },
      help: 'Scores made, and given up, in the last five minutes.',
      lines: ({ done, failed }) => [
        [done, 'done'],
        [failed, 'failed'],
      ],
    },
  ]),
  collector('monitors', ({ store }) => store.measures.monitors(), [
    {
      ...{ name: 'sluice_monitor_runs_total', by: ['monitorId', 'pipeline'] },
      ...{ as: ['monitor', 'pipeline'], more: ['outcome'] },
      help: 'Runs that a monitor has met (triggered), chosen (sampled), and what came of those: scored, failed, skipped.',
      lines: (row) =>
        (['triggered', 'sampled', 'scored', 'failed', 'skipped'] as const).map((outcome) => [row[outcome], outcome]),
    },
  ]),
  collector('monitor_health', ({ store }) => store.monitors.health(), [
    {
      ...{ name: 'sluice_monitor_queued', by: ['monitorId', 'pipeline'], as: ['monitor', 'pipeline'] },
      help: 'Runs that wait for a monitor to score them.',
      lines: one(({ waiting }) => waiting),
    },
    {
      ...{ name: 'sluice_monitor_alerting', by: ['monitorId', 'pipeline'], as: ['monitor', 'pipeline'] },
      help: '1 where what a monitor watches is out of bounds; none where there is too little to say.',
      lines: one(({ alert }) => (alert === 'unknown' ? null : Number(alert === 'alerting'))),
    },
  ]),
  collector('evaluations', ({ store }) => store.measures.evaluations(), [
    {
      ...{ name: 'sluice_evaluations', by: ['state'], help: 'Evaluations, by state, ended ones included.' },
      lines: one(({ count }) => count),
    },
  ]),
  collector('workers', async ({ store }) => [await store.vitals.workers()], [
    { name: 'sluice_workers', by: [], help: 'Workers whose steps are published.', lines: one((workers) => workers) },
  ]),
  collector('trace_exports', async ({ store }) => [await store.traceExports.counts()], [
    {
      ...{ name: 'sluice_trace_exports_total', by: [], more: ['outcome'] },
      help: 'Traces that were to be exported, by what came of it.',
      lines: ({ exported, leftOut, failed }) => [
        [exported, 'exported'],
        [leftOut, 'left_out'],
        [failed, 'failed'],
      ],
    },
    {
      ...{ name: 'sluice_trace_exports_queued', by: [], help: 'Traces that wait to be exported.' },
      lines: one(({ waiting }) => waiting),
    },
    {
      ...{ name: 'sluice_trace_export_age_seconds', by: [], help: 'Age of the oldest of them; none where none waits.' },
      lines: one(({ oldestAgeMs }) => (oldestAgeMs === null ? null : oldestAgeMs / SECONDS)),
    },
  ]),
];
