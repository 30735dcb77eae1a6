/**
 * How a workflow says its failures. Where payloads are encrypted, messages and stack traces must become payloads too, and
 * nothing in the sandbox tells whether they are: so the loader of the bundle writes it into this one word of it
 * (`src/worker/bundle.ts`). Both words are equally long, so that the source map fits.
 */
import { DefaultFailureConverter } from '@temporalio/common';

const TEXTS: string = 'failure-texts:clear';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: TEXTS.endsWith(':coded') });
