/**
 * A piece of text on its way from a writing step to the caller that streams it. A piece names its writer (one
 * attempt at one node run) and its place in that writer's text, so that the far end can tell what is missing, what came
 * twice, and what a later attempt or round has made void.
 */
import type { SinkAddress } from './run-messages.ts';

export interface TokenPiece {
  readonly runId: string;
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  readonly call: 'step' | 'fallback';
  /** From 1. */
  readonly attempt: number;
  /** The pieces of one attempt are numbered from 0, without gaps. */
  readonly seq: number;
  /** Empty where a piece only says that an attempt has begun, or that it has failed. */
  readonly text: string;
  /** The attempt has failed: all that it wrote is taken back. */
  readonly isVoid?: true;
}

/** Takes a piece towards its sink. It never throws and never waits: listeners do not slow a step. */
export type TokenOutlet = (sink: SinkAddress, piece: TokenPiece) => void;

/** The longest text of one piece, in UTF-16 units; longer ones are split. */
export const PIECE_LENGTH = 16_384;
/** The longest text of one attempt that is handed on; a step's output is refused above about as much. */
export const DRAFT_LENGTH = 2_000_000;
