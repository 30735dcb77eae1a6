/**
 * A run that its caller watches: drafts as they are written where they are asked for, then the text that was accepted,
 * then the result. Tokens come from the hub and may be lost; all else comes from the workflow and is not.
 */
import type { SinkAddress } from '../model/run-messages.ts';
import { answerText, textIn } from '../plan/answer-text.ts';
import type { Plan } from '../plan/plan.ts';
import type { TokenStreams } from '../streaming/token-streams.ts';
import type { Runnable, RunOptions, StartedRun } from './client.ts';
import { createDrafts, type Drafts } from './drafts.ts';
import type { RunResult } from './run-result.ts';
import type { StreamEvent } from './stream-event.ts';

export interface StreamOptions extends RunOptions {
  /** Whether text is shown that may still be taken back. Default: only what the run has accepted. */
  readonly drafts?: boolean;
}

/** Iterate for its events, as often as you like: a later iteration begins with what is kept of the earlier events. */
export interface RunStream extends AsyncIterable<StreamEvent> {
  /** The run's ids, once it is begun. @throws what `client.start` throws */
  readonly started: Promise<StartedRun>;
  /** The recorded run, as `client.run` gives it. */
  readonly answer: Promise<RunResult>;
}

/** Told a run's id before its workflow starts; gives the address that its workers are told. */
export type OpenSink = (runId: string) => SinkAddress;
type Start = (pipeline: Runnable, input: unknown, options: RunOptions, openSink?: OpenSink) => Promise<StartedRun>;

type StreamRun = (pipeline: Runnable, input: unknown, options?: StreamOptions) => RunStream;

export interface StreamClient {
  /**
   * Starts a run and shows it as it goes. A run that was begun before (by the same idempotency key) shows drafts where
   * this process began it and listens still; its accepted text it shows always.
   *
   * @example
   * for await (const event of sluice.stream(docsBot, { question })) if (event.kind === 'accepted') show(event.text);
   */
  readonly stream: StreamRun;
}

export function createStreamRun(start: Start, streams: TokenStreams): StreamRun {
  return (pipeline, input, { drafts: wantsDrafts = false, ...options } = {}) => {
    let opened: string | undefined;
    const begin = async () => {
      if (!wantsDrafts) return start(pipeline, input, options);
      const address = await streams.address();
      return start(pipeline, input, options, (runId) => {
        streams.hub.open(runId);
        opened = runId;
        return address;
      });
    };
    const started = begin();
    const answer = started.then(({ finished }) => finished);
    const close = () => {
      if (opened !== undefined) streams.hub.close(opened);
    };
    answer.then(close, close); // a failure is told to whoever awaits it
    started.catch(() => undefined);

    return Object.freeze({
      started,
      answer,
      [Symbol.asyncIterator]: () => eventsOf(started, pipeline.plan, wantsDrafts ? streams : undefined),
    });
  };
}

/** @param streams given where drafts are shown */
async function* eventsOf(
  started: Promise<StartedRun>,
  plan: Plan,
  streams: TokenStreams | undefined,
): AsyncGenerator<StreamEvent, void> {
  const run = await started;
  const { runId } = run;
  const text = answerText(plan);
  const drafts = createDrafts(plan, text);
  if (streams) yield* draftsOf(run, drafts, streams);
  // Null is also how a run without an output answers: only its record tells them apart.
  const output = await run.answer;
  const result = output === null ? await run.finished : undefined;
  if (result?.outcome === 'failed' || result?.outcome === 'cancelled') {
    yield* drafts.takeBack();
    yield { kind: 'failed', runId, error: result.error, result };
    return;
  }
  const accepted = text && textIn(output, text.field);
  if (accepted === undefined) {
    // Drafts of texts that could not be told apart stay: their reader has the whole output beside them.
    if (text) yield* drafts.takeBack();
    yield { kind: 'accepted', runId, text: null, rest: null, output };
  } else {
    const { retracted, rest } = drafts.accept(accepted);
    yield* retracted;
    yield { kind: 'accepted', runId, text: accepted, rest, output };
  }
  yield* endOf(await run.finished);
}

/** Until the answer is known: a reader that is behind gets the rest with the accepted text. */
async function* draftsOf(run: StartedRun, drafts: Drafts, { hub }: TokenStreams): AsyncGenerator<StreamEvent> {
  const over = new AbortController();
  const stop = () => over.abort();
  run.answer.then(stop, stop);
  for await (const piece of hub.subscribe(run.runId, over.signal)) yield* drafts.take(piece);
}

const SECOND_BEST: ReadonlySet<string> = new Set(['completed', 'skipped']);

function* endOf(result: RunResult): Generator<StreamEvent> {
  const { runId, nodes } = result;
  const keys = nodes.filter(({ outcome }) => !SECOND_BEST.has(outcome)).map(({ key }) => key);
  if (result.degraded) yield { kind: 'degraded', runId, keys };
  yield { kind: 'answer', runId, result };
}
