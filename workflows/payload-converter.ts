/**
 * JSON payloads, read defensively. Temporal's own converter throws on a payload that is not JSON, which fails the
 * workflow task, which is retried for ever: the run hangs. This one gives a marked value instead, and whoever reads it
 * (the run workflow checks its input and its update) fails typed and at once.
 */
import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  JsonPayloadConverter,
  type Payload,
  type PayloadConverterWithEncoding,
  UndefinedPayloadConverter,
} from '@temporalio/common';

/** Stands for a payload that could not be read. */
export interface UnreadablePayload {
  readonly $unreadable: string;
}

class DefensiveJsonConverter implements PayloadConverterWithEncoding {
  private readonly json = new JsonPayloadConverter();
  readonly encodingType = this.json.encodingType;

  toPayload(value: unknown): Payload | undefined {
    return this.json.toPayload(value);
  }

  fromPayload<T>(payload: Payload): T {
    try {
      return this.json.fromPayload<T>(payload);
    } catch (error) {
      const unreadable: UnreadablePayload = { $unreadable: error instanceof Error ? error.message : String(error) };
      return unreadable as T;
    }
  }
}

export const payloadConverter = new CompositePayloadConverter(
  new UndefinedPayloadConverter(),
  new BinaryPayloadConverter(),
  new DefensiveJsonConverter(),
);
