/**
 * Where the tokens of runs meet their listeners, in the process that started those runs. A run's pieces are kept in one
 * bounded list that every listener reads at its own pace: a slow one is never waited for and misses what it is too late
 * for (its reader notices by the numbers); a late one begins with what is kept.
 */
import { randomUUID } from 'node:crypto';
import type { TokenPiece } from '../model/token-piece.ts';

/** What is kept of one run; beyond, the oldest quarter goes. */
const KEPT_PIECES = 20_000;
const KEPT_LENGTH = 4_000_000;
/** Runs that are listened to at one time; more are run without their tokens. */
const OPEN_RUNS = 10_000;

export interface TokenHub {
  /** Names this hub among those of other processes. */
  readonly id: string;
  /** Begins to take a run's pieces. Each opening needs a closing. */
  open(runId: string): void;
  close(runId: string): void;
  isOpen(runId: string): boolean;
  /** False where nobody listens to the run: the piece is dropped. */
  publish(piece: TokenPiece): boolean;
  /** What is kept, then what comes, until the run is closed or the signal aborts. */
  subscribe(runId: string, signal: AbortSignal): AsyncGenerator<TokenPiece, void>;
}

interface Channel {
  pieces: TokenPiece[];
  /** How many pieces were dropped before those that are kept. */
  dropped: number;
  length: number;
  openings: number;
  changed: PromiseWithResolvers<void>;
}

export function createTokenHub(): TokenHub {
  const channels = new Map<string, Channel>();

  return Object.freeze({
    id: randomUUID(),
    open(runId: string) {
      const known = channels.get(runId);
      if (known) known.openings += 1;
      else if (channels.size < OPEN_RUNS)
        channels.set(runId, { pieces: [], dropped: 0, length: 0, openings: 1, changed: Promise.withResolvers() });
    },
    close(runId: string) {
      const channel = channels.get(runId);
      if (!channel) return;
      channel.openings -= 1;
      if (channel.openings > 0) return;
      channels.delete(runId);
      announce(channel);
    },
    isOpen: (runId: string) => channels.has(runId),
    publish(piece: TokenPiece) {
      const channel = channels.get(piece.runId);
      if (!channel) return false;
      channel.pieces.push(piece);
      channel.length += piece.text.length;
      if (channel.pieces.length > KEPT_PIECES || channel.length > KEPT_LENGTH) forget(channel);
      announce(channel);
      return true;
    },
    subscribe: (runId: string, signal: AbortSignal) =>
      read(channels.get(runId), signal, (channel) => channels.get(runId) === channel),
  });
}

/** Wakes all waiting listeners by one promise, so that a piece costs the same for any number of them. */
function announce(channel: Channel): void {
  const { resolve } = channel.changed;
  channel.changed = Promise.withResolvers();
  resolve();
}

function forget(channel: Channel): void {
  const gone = channel.pieces.splice(0, Math.ceil(channel.pieces.length / 4));
  channel.dropped += gone.length;
  channel.length -= gone.reduce((sum, { text }) => sum + text.length, 0);
}

async function* read(
  channel: Channel | undefined,
  signal: AbortSignal,
  isOpen: (channel: Channel) => boolean,
): AsyncGenerator<TokenPiece, void> {
  if (!channel) return;
  // Once for all waits: a race against one long-lived promise would keep a reaction of each.
  let wake = () => {};
  const stop = () => wake();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (let at = 0; !signal.aborted; ) {
      at = Math.max(at, channel.dropped);
      const piece = channel.pieces[at - channel.dropped];
      if (piece) {
        at += 1;
        yield piece;
      } else if (isOpen(channel)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          void channel.changed.promise.then(resolve);
        });
      } else return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
