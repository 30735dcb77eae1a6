/** What build suites do again and again. */
import type { BuildOutcome } from '../../src/store/builds.ts';
import type { DocumentInput } from '../../src/store/documents.ts';
import type { Subject } from './suite.ts';

export interface BuildHelpers {
  /** The ids of all hits, sorted. */
  found(index: string, query: string, snapshot?: string): Promise<string[]>;
  begin(index: string, settingsHash?: string, owner?: string): Promise<number>;
  /** A whole build of these documents. */
  ingest(index: string, documents: readonly DocumentInput[], settingsHash?: string): Promise<BuildOutcome>;
}

export function buildHelpers(subject: Pick<Subject, 'store'>): BuildHelpers {
  const found = async (index: string, query: string, snapshot?: string) =>
    (
      await subject.store.search.keyword(index, [{ id: 'q', query }], { top: 100, ...(snapshot && { snapshot }) })
    )[0]!.hits
      .map((hit) => hit.id)
      .sort();
  const begin = async (index: string, settingsHash = 's', owner = 'me') =>
    (await subject.store.builds.begin(index, { settingsHash, owner })).build;
  const ingest = async (index: string, documents: readonly DocumentInput[], settingsHash = 's') => {
    const build = await begin(index, settingsHash);
    await subject.store.builds.put(index, build, documents);
    return subject.store.builds.commit(index, build);
  };
  return { found, begin, ingest };
}
