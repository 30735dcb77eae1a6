/**
 * JSON payloads, read defensively. Temporal's own converter throws on a payload that is not JSON, or in an encoding it
 * does not know, which fails the workflow task, which is retried for ever: the run hangs. This one gives a marked value
 * instead, and its reader (the run workflow checks its input and its update) fails typed and at once.
 */
import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/** Stands for a payload that could not be read. */
export interface UnreadablePayload {
  readonly $unreadable: string;
}

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Parameters<PayloadConverter['fromPayload']>[0]): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch (error) {
      const unreadable: UnreadablePayload = { $unreadable: error instanceof Error ? error.message : String(error) };
      return unreadable as T;
    }
  },
};
