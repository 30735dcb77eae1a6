/** Documents for tests: one passage per text, and a content hash that follows the texts. */
import { createHash } from 'node:crypto';
import type { DocumentInput } from '../../src/store/documents.ts';

export function document(id: string, ...texts: readonly string[]): DocumentInput {
  return {
    id,
    contentHash: createHash('sha256').update(JSON.stringify(texts)).digest('hex'),
    title: `About ${id}`,
    url: `https://example.org/${id}`,
    passages: texts.map((text, ordinal) => ({ id: `${id}#${ordinal}`, ordinal, text, heading: [id], tokens: 10 })),
  };
}
