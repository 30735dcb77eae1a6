/** What decides, besides a document's own content, which passages it makes. */
import type { ChunkMode } from './document.ts';
import { contentHash } from './entries.ts';
import { CHUNKER_VERSION, PASSAGE_LIMITS } from './limits.ts';

/** Changes whenever equal documents could make other passages: then none are taken over from the snapshot before. */
export function settingsHash(mode: ChunkMode): string {
  const { bytes, tokens, smallTokens } = PASSAGE_LIMITS;
  return contentHash(['chunker', `${CHUNKER_VERSION}`, mode, `${bytes}`, `${tokens}`, `${smallTokens}`]);
}
