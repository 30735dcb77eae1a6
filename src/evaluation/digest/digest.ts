/**
 * Digests of what is behind steps: a value that was computed may be used again while they are the same, whatever the version
 * says. One covers the function, its file, all files that one imports (transitively) or names beside itself, and the
 * versions of the packages that any of them uses; not comments, layout and types, and nothing of where the files lie. So all
 * processes that have the same code have the same digests.
 */
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../../base/errors.ts';
import type { Implemented } from '../../boundary/implement.ts';
import { stepName } from '../../dsl/step.ts';
import { canonicalJson } from '../../plan/id.ts';
import type { Json } from '../../plan/plan.ts';
import { functionText } from './code.ts';
import { DIGEST_LIMITS, type DigestLimits, readGraph, type SourceGraph } from './source-graph.ts';

/**
 * The digest of each implementation, 64 hex digits, by its step's `name@version`. Files are read once per process; to be
 * called when code has just been loaded, since a file may be edited while a process runs what was in it.
 *
 * @throws SluiceError `source_unknown`, `source_missing`, `source_unreadable`, `source_unparsable`, `source_too_large`
 */
export async function digestsOf(
  implementations: readonly Implemented[],
  limits: DigestLimits = DIGEST_LIMITS,
): Promise<ReadonlyMap<string, string>> {
  const graphs = new Map<string, Promise<SourceGraph>>();
  const graphOf = (path: string) => graphs.get(path) ?? graphs.set(path, readGraph(path, limits)).get(path)!;
  const digests = implementations.map(async (implemented) => {
    const { files, packages, absent } = await graphOf(pathOf(implemented));
    const subject = { files, packages, absent, run: functionText(implemented.run) };
    return [stepName(implemented.step), hash('sha256', canonicalJson(subject as unknown as Json))] as const;
  });
  return new Map(await Promise.all(digests));
}

function pathOf({ step, source }: Implemented): string {
  if (source?.startsWith('file:')) return fileURLToPath(source);
  throw new SluiceError('source_unknown', {
    message: `it is not known which file implements '${stepName(step)}', so not when its scores are out of date`,
    remedy: 'bind it by implement() in a file, or hand that file on: implement(step, run, import.meta.url)',
    data: { step: stepName(step), ...(source !== undefined && { source }) },
  });
}
