/** Finding what a user named: exactly, by a unique prefix, or not at all with the nearest right name. */
import { SluiceError } from '../base/errors.ts';
import { suggest, suggestOrMake } from '../base/nearest.ts';
import { type AnyPipeline, type AnyVariant, isVariant } from '../dsl/edit.ts';
import type { Pipelines } from '../host/project.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { IndexRow } from '../store/indexes.ts';
import type { Store } from '../store/store.ts';
import type { Session } from './session.ts';

interface Lookup<Thing> {
  /** What is looked for, in the error: `pipeline`, `index`, `run`. */
  readonly kind: string;
  readonly name: string;
  readonly among: readonly Thing[];
  readonly nameOf: (thing: Thing) => string;
  /** What to do when there is none at all. */
  readonly whenNone: string;
  /** Whether that is worth saying also where there are others. */
  readonly canBeMade?: boolean;
}

/**
 * The thing of that name.
 *
 * @throws SluiceError `<kind>_unknown` with the nearest name, or `<kind>_ambiguous` with the names that begin so.
 */
export function findNamed<Thing>({ kind, name, among, nameOf, whenNone, canBeMade = false }: Lookup<Thing>): Thing {
  const exact = among.find((thing) => nameOf(thing) === name);
  if (exact !== undefined) return exact;
  const begun = name === '' ? [] : among.filter((thing) => nameOf(thing).startsWith(name));
  if (begun.length === 1) return begun[0]!;
  const names = among.map(nameOf);
  if (begun.length > 1)
    throw new SluiceError(`${kind}_ambiguous`, {
      message: `${begun.length} ${kind} names begin with '${name}'`,
      remedy: `give more of it: ${begun.map(nameOf).slice(0, 5).join(', ')}${begun.length > 5 ? ', …' : ''}`,
      data: { name, candidates: begun.map(nameOf) },
    });
  throw new SluiceError(`${kind}_unknown`, {
    message: `there is no ${kind} '${name}'`,
    remedy: (canBeMade ? suggestOrMake : suggest)(name, names, whenNone),
    data: { name, known: names },
  });
}

/**
 * The pipeline or variant of that name. The beginning of a pipeline's name means the pipeline, though its variants'
 * names begin so, too; a variant is named by its own beginning after the colon.
 *
 * @throws SluiceError `pipeline_unknown`, `pipeline_ambiguous`
 */
export function findPipeline(pipelines: Pipelines, name: string): [name: string, pipeline: AnyPipeline] {
  const isMeant = (known: string) => known === name || known.includes(':') === name.includes(':');
  const among = [...pipelines];
  const meant = among.filter(([known]) => isMeant(known));
  const isBegun = meant.some(([known]) => known.startsWith(name));
  return findNamed({
    kind: 'pipeline',
    name,
    // A name that begins none is compared with all of them.
    among: isBegun ? meant : among,
    nameOf: ([known]) => known,
    whenNone: 'pipelines/index.ts exports none yet',
  });
}

/** The index of that name, or the only one that begins so. @throws SluiceError `index_unknown`, `index_ambiguous` */
export async function findIndex({ indexes }: Pick<Store, 'indexes'>, name: string): Promise<IndexRow> {
  return findNamed({
    kind: 'index',
    name,
    among: await indexes.list(),
    nameOf: (each) => each.name,
    whenNone: `make it: sluice ingest <folder> --index ${name}`,
    canBeMade: true,
  });
}

/**
 * @param name its own (`wide`) or with its pipeline's (`docs-bot:wide`), or the beginning of either
 * @throws SluiceError `variant_unknown` with the nearest, `variant_ambiguous`
 */
export async function findVariant({ services }: Session, pipeline: string, name: string): Promise<AnyVariant> {
  const exported = [...(await services.pipelines()).values()].filter(isVariant);
  const defined = [...(await services.evaluations()).values(), ...(await services.experiments()).values()];
  const own = [...defined.flatMap(({ variants }) => variants), ...exported].filter(
    ({ variantOf }) => variantOf === pipeline,
  );
  return variantNamed(pipeline, name, [...new Map(own.map((variant) => [variant.name, variant])).values()]);
}

/** One of these, which are of the pipeline. @throws as `findVariant` */
export function variantNamed(
  pipeline: string,
  name: string,
  among: readonly AnyVariant[],
  whenNone = `'${pipeline}' has no variants`,
): AnyVariant {
  return findNamed({
    kind: 'variant',
    name: name.startsWith(`${pipeline}:`) ? name.slice(pipeline.length + 1) : name,
    among,
    nameOf: (variant) => variant.name,
    whenNone,
  });
}

type WithDatasets = Pick<Store, 'datasets'>;

/**
 * The version that `ai-docs`, `ai` or `ai-docs@3fa2c1` names, or `--version` beside it.
 *
 * @throws SluiceError `dataset_unknown`, `dataset_ambiguous`, `dataset_version_unknown`, `dataset_version_ambiguous`,
 * `usage`
 */
export async function findVersion(
  { datasets }: WithDatasets,
  reference: string,
  hash?: string | undefined,
): Promise<DatasetVersion> {
  const [given = '', inReference, ...rest] = reference.split('@');
  if (rest.length > 0 || (inReference !== undefined && hash !== undefined))
    throw new SluiceError('usage', {
      message: `'${reference}' names a version more than once`,
      remedy: 'give NAME@HASH, or NAME --version HASH',
    });
  const { dataset } = findNamed({
    kind: 'dataset',
    name: given,
    among: await datasets.list(),
    nameOf: (version) => version.dataset,
    whenNone: 'import one: sluice dataset import FILE',
  });
  return datasets.find(dataset, hash ?? inReference);
}
