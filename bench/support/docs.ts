/** The passages of the documentation that the npm package `ai` ships, without a database. */
import { chunkDocument, type Passage } from '../../src/ingest/document.ts';
import { listSource, openSource, readBatch } from '../../src/ingest/source.ts';
import { DOCS_FOLDER } from './questions.ts';

export async function readDocs(folder = DOCS_FOLDER): Promise<readonly Passage[]> {
  const source = await openSource(folder);
  const { batches } = await listSource(source);
  const passages: Passage[] = [];
  for (const batch of batches)
    for await (const entry of readBatch(source, batch)) {
      if (entry.kind !== 'document') continue;
      const result = await chunkDocument(entry.document.raw, 'headings');
      if (result.kind === 'chunked') passages.push(...result.document.passages);
    }
  return passages;
}
