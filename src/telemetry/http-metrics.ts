/** What is counted as requests come and go. Labels are few: routes as they are written, never paths as they were asked for. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

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

export function createHttpMetrics(registry: Registry): HttpMetrics {
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
