/**
 * What documents of files are called. An id is the path without the extension, so that it survives a change of format;
 * where two files would share it, and for source code, whose extension tells `a.c` from `a.h`, it is the whole path.
 */
import { extname } from 'node:path';
import { isCleanId } from './clean-text.ts';
import { formatOfPath } from './formats.ts';
import { INGEST_LIMITS } from './limits.ts';

/** An id for each of these paths, all different where the paths are. */
export function idsOf(paths: readonly string[]): ReadonlyMap<string, string> {
  // `a.md` beside `a.html` has its path as its id, which is then none for `a.md.txt`.
  const seen = new Set<string>(paths);
  const shared = new Set<string>();
  for (const id of paths.map(shortId)) (seen.has(id) ? shared : seen).add(id);
  return new Map(paths.map((path) => [path, shared.has(shortId(path)) ? path : shortId(path)]));
}

const shortId = (path: string) => (formatOfPath(path)?.kind === 'code' ? path : withoutExtension(path));

export const isFittingId = (id: string): boolean => isCleanId(id) && Buffer.byteLength(id) <= INGEST_LIMITS.idBytes;

/** `guides/02-getting-started.md` is 'getting started'. */
export function titleFromPath(path: string): string {
  const name = withoutExtension(path).split('/').at(-1)!;
  return (
    name
      .replace(/^\d+[-_. ]+/, '')
      .replace(/[-_]+/g, ' ')
      .trim() || name
  );
}

const withoutExtension = (path: string) => path.slice(0, path.length - extname(path).length);
