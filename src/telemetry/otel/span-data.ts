/** A span as it is sent, as plain data: what the OpenTelemetry library makes of it is in `sender.ts` alone. */
import { createHash } from 'node:crypto';

export type Attribute = string | number | boolean | readonly string[];

/** Undefined: not known, and left out. */
export interface Attributes {
  readonly [name: string]: Attribute | undefined;
}

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly attributes: Attributes;
}

export interface SpanData {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly name: string;
  /** `client`: a call to somebody else. */
  readonly kind: 'internal' | 'client';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Absent: it went well. */
  readonly failure?: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
}

/** The same for every export of a run, so that receivers can tell a repeated one: 16 bytes as hex. */
export const traceIdOf = (runId: string): string => digest(`sluice trace ${runId}`).slice(0, 32);

/** @param path what it is of within the run, such as `node draft[2]`: 8 bytes as hex */
export const spanIdOf = (runId: string, path: string): string => digest(`sluice span ${runId} ${path}`).slice(0, 16);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Whether a run is among the `share` that is sent: the same answer in every process. */
export const isSampled = (runId: string, share: number): boolean =>
  Number.parseInt(digest(`sluice sample ${runId}`).slice(0, 8), 16) / 2 ** 32 < share;
