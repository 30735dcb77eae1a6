/**
 * How a source is named, in a command, an API call or a workflow's input: by a path; a list, which any text file can be,
 * by `list:` and its path.
 */
import { resolve } from 'node:path';

const LIST = 'list:';

export interface SourceName {
  readonly isList: boolean;
  /** Absolute. */
  readonly path: string;
}

export function parseSourceName(name: string, folder = '.'): SourceName {
  const isList = name.startsWith(LIST);
  return { isList, path: resolve(folder, isList ? name.slice(LIST.length) : name) };
}

/** The name of a source from anywhere: `docs` is `/home/me/docs`, `list:a.txt` is `list:/home/me/a.txt`. */
export function absoluteSourceName(name: string, folder = '.'): string {
  const { isList, path } = parseSourceName(name, folder);
  return isList ? listSourceName(path) : path;
}

export const listSourceName = (path: string): string => LIST + path;
