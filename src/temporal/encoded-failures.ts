/**
 * Failures whose messages and stack traces are payloads, so that they are encrypted as payloads are; Temporal itself keeps
 * them as plain text. Loaded by its path, where payloads are encrypted.
 */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
