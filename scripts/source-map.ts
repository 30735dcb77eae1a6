/**
 * Source maps inside a workflow bundle. Webpack names each source by its absolute path, which is of no use on another
 * machine and tells where the package was built; stack traces of a published worker name files from the package's root.
 */
import { relative } from 'node:path';

const INLINE_MAP = /^\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,(?<json>\S+)$/m;

/** The bundle without its map: what the sandbox has to load. */
export function withoutSourceMap(bundle: string): string {
  return bundle.replace(INLINE_MAP, '');
}

/**
 * The same bundle, its sources named relative to `folder`.
 *
 * @throws Error where the bundle has no inline source map.
 */
export function makePortable(bundle: string, folder: string): string {
  const map = readSourceMap(bundle);
  const sources = map.sources.map((source) => (source.startsWith('/') ? relative(folder, source) : source));
  const json = Buffer.from(JSON.stringify({ ...map, sources })).toString('base64');
  return bundle.replace(INLINE_MAP, `//# sourceMappingURL=data:application/json;charset=utf-8;base64,${json}`);
}

/** The paths of the bundle's sources. */
export function readSourceMap(bundle: string): { readonly sources: readonly string[] } {
  const json = INLINE_MAP.exec(bundle)?.groups?.json;
  if (json === undefined) throw new Error('the bundle has no inline source map');
  return JSON.parse(Buffer.from(json, 'base64').toString('utf8')) as { readonly sources: readonly string[] };
}
