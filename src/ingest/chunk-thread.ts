/** The body of the parsing thread: one document per task. See chunker.ts for why there is a thread. */
import { type ChunkMode, type ChunkResult, chunkDocument, type RawDocument } from './document.ts';

export interface ChunkTask {
  readonly raw: RawDocument;
  readonly mode: ChunkMode;
}

export default function chunkTask({ raw, mode }: ChunkTask): Promise<ChunkResult> {
  return chunkDocument(raw, mode);
}
