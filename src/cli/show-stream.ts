/**
 * A run as it goes: on a terminal its drafts, which the answer then takes the place of; for programs one event a line;
 * in a pipe the accepted text alone, as soon as it is there.
 */
import type { RunStream } from '../client/stream-run.ts';
import type { Terminal } from './terminal.ts';

/** Whether drafts are shown: to programs, which can take them back, and to people who look. */
export const wantsDrafts = (terminal: Terminal): boolean => terminal.json || terminal.live !== undefined;

/** Resolves when the run is over. Of one that ended without an answer, and of all that comes after an answer, nothing. */
export async function showStream(terminal: Terminal, stream: RunStream): Promise<void> {
  const { live } = terminal;
  for await (const event of stream) {
    if (terminal.json) {
      terminal.printJsonLine(event);
      continue;
    }
    switch (event.kind) {
      case 'token':
        live?.add(event.text);
        break;
      case 'retract':
        live?.clear();
        break;
      case 'accepted':
        // On a terminal the whole answer follows, with its citations; there is nothing to wait for with it.
        if (live) live.clear();
        else terminal.print(event.text ?? JSON.stringify(event.output));
        break;
      case 'failed':
        live?.clear();
        break;
      case 'degraded':
      case 'answer':
        break;
      default:
        event satisfies never;
    }
  }
}
