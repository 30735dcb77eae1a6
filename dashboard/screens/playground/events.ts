/** A stream of server-sent events (WHATWG HTML, section 9.2), as JSON: what the server says of a run while it goes on. */
import type { StreamEvent } from '../../../src/client/run-result.ts';

export type RunEvent =
  | StreamEvent
  | { readonly kind: 'run'; readonly runId: string; readonly temporalUrl: string }
  | { readonly kind: 'broken'; readonly runId: string; readonly message: string };

export async function* readEvents(response: Response): AsyncGenerator<RunEvent> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let left = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (left + value).split(/\r?\n\r?\n/);
      left = blocks.pop()!;
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== '') yield JSON.parse(data) as RunEvent;
      }
    }
  } finally {
    // Also where nobody reads on: the server need not write any more.
    await reader.cancel().catch(() => undefined);
  }
}

/** Empty for a comment, which is but a sign of life. */
const dataOf = (block: string): string =>
  block
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice('data:'.length).replace(/^ /, '')] : []))
    .join('\n');
