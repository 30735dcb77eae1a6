/**
 * Keeps large values out of the workflow's history: they are stored aside, content-addressed, and a stub travels in
 * their place. The next step that reads one gets the value back before it is called, so no step ever sees a stub.
 */
import { type Payloads, restoreClaims, storeLarge } from '../store/claims.ts';
import type { Wrapper } from './attempt.ts';

export function checkClaims(payloads: Payloads): Wrapper {
  return async (attempt, next) => {
    const input = await restoreClaims(payloads, attempt.input);
    const output = await next({ ...attempt, input });
    return storeLarge(payloads, output, `the output of '${attempt.key}'`);
  };
}
