/**
 * Lets a step's text be seen while it is written. Pieces leave by an outlet that neither waits nor fails, beside the
 * workflow and never through its history; what an attempt wrote is taken back when the attempt fails. Where nobody asked
 * for tokens, `emit` is one function for all, which does nothing.
 */
import { DRAFT_LENGTH, PIECE_LENGTH, type TokenOutlet } from '../model/token-piece.ts';
import type { Attempt, Emit, Wrapper } from './attempt.ts';

export const emitNothing: Emit = () => undefined;

/** Outermost: a step that ignores its time limit must not write on after it. */
export function sinkTokens(outlet: TokenOutlet | undefined): Wrapper {
  return async (attempt, next) => {
    if (attempt.sink === undefined || outlet === undefined) return next(attempt);
    const writer = createWriter(attempt, outlet.bind(undefined, attempt.sink));
    if (mayReplace(attempt)) writer.begin();
    try {
      const output = await next({ ...attempt, emit: writer.emit });
      writer.end();
      return output;
    } catch (error) {
      writer.takeBack();
      throw error;
    }
  };
}

/** Whether text of an earlier attempt or round may be on show: then it is void from now on, not from our first token. */
function mayReplace({ attempt, call, key }: Attempt): boolean {
  return attempt > 1 || call === 'fallback' || /\[(?:[2-9]|\d{2,})\]/.test(key);
}

type Send = (piece: Parameters<TokenOutlet>[1]) => void;

function createWriter({ runId, key, call, attempt }: Attempt, send: Send) {
  let seq = 0;
  let written = 0;
  let isOpen = true;
  /** The first half of a surrogate pair, whose second half is still to come. */
  let half = '';
  const piece = (text: string) => ({ runId, key, call, attempt, seq: seq++, text });

  return {
    begin: () => send(piece('')),
    emit(text: string): void {
      if (!isOpen || text === '') return;
      written += text.length;
      if (written > DRAFT_LENGTH) return;
      const whole = half + text;
      half = endsInHalf(whole) ? whole.slice(-1) : '';
      for (const part of partsOf(half === '' ? whole : whole.slice(0, -1))) send(piece(part));
    },
    end(): void {
      if (half !== '') send(piece(half));
      isOpen = false;
    },
    takeBack(): void {
      isOpen = false;
      if (seq > 0) send({ ...piece(''), isVoid: true });
    },
  };
}

function endsInHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}

/** Text in pieces that are short enough to travel, none of which ends in half a pair. */
function* partsOf(text: string): Generator<string> {
  for (let rest = text; rest !== ''; ) {
    const cut = rest.slice(0, PIECE_LENGTH);
    const part = rest.length > PIECE_LENGTH && endsInHalf(cut) ? cut.slice(0, -1) : cut;
    yield part;
    rest = rest.slice(part.length);
  }
}
