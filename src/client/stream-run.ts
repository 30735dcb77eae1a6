/**
 * A run that its caller watches: drafts as they are written where they are asked for, then the text that was accepted,
 * then the result. Tokens come from the hub and may be lost; all else comes from the workflow and is not.
 */
import type { SinkAddress } from '../model/run-messages.ts';
import { DRAFT_LENGTH, type TokenPiece } from '../model/token-piece.ts';
import { type AnswerText, answerText, textIn } from '../plan/answer-text.ts';
import { bodiesOf } from '../plan/nodes.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import type { TokenStreams } from '../streaming/token-streams.ts';
import type { Runnable, RunOptions, StartedRun } from './client.ts';
import type { DraftName, RetractEvent, RunResult, StreamEvent, TokenEvent } from './run-result.ts';

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

/** Called with a run's id before its workflow starts; returns the address that its workers get. */
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
    answer.then(close, close); // the caller that awaits it gets the failure
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
    // Drafts of indistinguishable texts stay: their reader also has the whole output.
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

// Makes of the pieces that arrive what a reader may be shown. Of each text one draft is shown at a time, the one begun
// last: a later attempt, a fallback, a later round, or another step that the answer may come from makes void what came
// before. A draft's pieces are shown in their order; where one is missing, the draft stands still and the accepted text
// brings the rest, so that shown text never has a gap.

/** Pieces of one draft that may wait for an earlier one; a draft that misses more is not shown on. */
const WAITING_PIECES = 1_000;

export interface Drafts {
  /** What a piece brings on show. */
  take(piece: TokenPiece): readonly (TokenEvent | RetractEvent)[];
  /** Ends with the answer's text: takes back what is none of it, and says what is still to be shown. */
  accept(text: string): { readonly retracted: readonly RetractEvent[]; readonly rest: string };
  /** Takes back all that is shown. */
  takeBack(): readonly RetractEvent[];
}

interface Draft {
  readonly name: DraftName;
  /** Which of two drafts of one place is the later one, compared in order. */
  readonly order: readonly number[];
  /** The number of the piece to be shown next. */
  next: number;
  readonly waiting: Map<number, string>;
  events: number;
  shown: string;
  isVoid: boolean;
}

/** @param answer whose drafts are shown, as one text; undefined: those of each step, as texts of their own */
export function createDrafts(plan: Plan, answer: AnswerText | undefined): Drafts {
  const containers = containersOf(plan.nodes);
  /** The latest draft of each place: a node, in one item of the maps around it. */
  const latest = new Map<string, Draft>();
  /** What is on show, by text. */
  const showing = new Map<string, Draft>();

  function take(piece: TokenPiece): readonly (TokenEvent | RetractEvent)[] {
    const found = locate(piece, containers);
    if (!found || (answer && !answer.nodes.has(found.name.node))) return [];
    const { place, name, order } = found;
    const text = answer ? '' : place;
    const known = latest.get(place);
    const later = known ? compare(order, known.order) : 1;
    if (later < 0) return [];
    const draft = known && later === 0 ? known : begun(name, order);
    const events: (TokenEvent | RetractEvent)[] = [];
    if (draft !== known) {
      latest.set(place, draft);
      events.push(...withdraw(showing.get(text)));
      showing.set(text, draft);
    }
    if (piece.isVoid) return [...events, ...withdraw(draft)];
    return draft.isVoid ? events : [...events, ...grow(draft, piece)];
  }

  return Object.freeze({
    take,
    accept(text: string) {
      const draft = showing.get('');
      const shown = draft?.isVoid === false ? draft.shown : '';
      return text.startsWith(shown)
        ? { retracted: [], rest: text.slice(shown.length) }
        : { retracted: withdraw(draft), rest: text };
    },
    takeBack: () => [...showing.values()].flatMap(withdraw),
  });
}

function begun(name: DraftName, order: readonly number[]): Draft {
  return { name, order, next: 0, waiting: new Map(), events: 0, shown: '', isVoid: false };
}

function withdraw(draft: Draft | undefined): RetractEvent[] {
  if (!draft || draft.isVoid) return [];
  draft.isVoid = true;
  draft.waiting.clear();
  return draft.shown === '' ? [] : [{ kind: 'retract', ...draft.name }];
}

/** Shows the piece, and those that waited for it; one that came before its turn waits. */
function grow(draft: Draft, { seq, text }: TokenPiece): TokenEvent[] {
  if (seq < draft.next || draft.waiting.size >= WAITING_PIECES) return [];
  draft.waiting.set(seq, text);
  const events: TokenEvent[] = [];
  for (let next = draft.waiting.get(draft.next); next !== undefined; next = draft.waiting.get(draft.next)) {
    draft.waiting.delete(draft.next);
    draft.next += 1;
    if (next === '') continue; // it only said that the draft has begun
    if (draft.shown.length + next.length > DRAFT_LENGTH) {
      draft.next = Number.POSITIVE_INFINITY; // and no more: later pieces would leave a gap
      break;
    }
    draft.shown += next;
    events.push({ kind: 'token', ...draft.name, seq: draft.events++, text: next });
  }
  return events;
}

type Containers = ReadonlyMap<string, readonly ('repeat' | 'map')[]>;

/** Of every step, the loops and maps around it, outermost first: what the indices of its keys count. */
function containersOf(nodes: readonly PlanNode[]): Containers {
  const found = new Map<string, readonly ('repeat' | 'map')[]>();
  const visit = (inside: readonly PlanNode[], around: readonly ('repeat' | 'map')[]) => {
    for (const node of inside) {
      if (node.kind === 'step') found.set(node.id, around);
      const within = node.kind === 'repeat' || node.kind === 'map' ? [...around, node.kind] : around;
      for (const body of bodiesOf(node)) visit(body.nodes, within);
    }
  };
  visit(nodes, []);
  return found;
}

/** Where in the run a piece was written; undefined where the plan has no such place. */
function locate({ runId, key, call, attempt }: TokenPiece, containers: Containers) {
  const [, node = '', indices = ''] = /^(.*?)((?:\[\d+\])*)$/s.exec(key) ?? [];
  const around = containers.get(node);
  const counts = [...indices.matchAll(/\d+/g)].map(Number);
  if (around?.length !== counts.length) return undefined;
  const rounds = counts.filter((_, depth) => around[depth] === 'repeat');
  const items = counts.filter((_, depth) => around[depth] === 'map');
  return {
    place: [node, ...items].join(' '),
    name: { runId, node, key, attempt, round: rounds.at(-1) ?? 1 },
    order: [...rounds, call === 'step' ? 0 : 1, attempt],
  };
}

/** Of two orders of one place, which have one length. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, number] of a.entries()) if (number !== b[at]) return number - b[at]!;
  return 0;
}
