/** From a command line to what is asked of an evaluation: the definition by its name, its variants, and what is changed. */

import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId } from '../base/format.ts';
import type { AnyDataset } from '../dsl/dataset.ts';
import { type AnyVariant, isVariant } from '../dsl/edit.ts';
import type { AnyEvaluation } from '../dsl/evaluation.ts';
import type { AskedEvaluation, SpecChanges } from '../evaluation/spec-of.ts';
import type { DefinedEvaluations, Pipelines } from '../host/project.ts';
import { contentHash, DATASET_LIMITS, memberOf } from '../model/dataset.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { findNamed, variantNamed } from './lookup.ts';
import { positiveInteger } from './options.ts';
import type { Session } from './session.ts';

export interface RequestOptions {
  readonly variants?: string;
  readonly split?: 'dev' | 'final' | 'all';
  readonly tag?: string;
  readonly limit?: number;
  readonly repeats?: number;
  readonly aa?: boolean;
  readonly dataset?: string;
}

/** The options of commands that say what is to be evaluated. */
export function withRequestOptions(command: Command): Command {
  return command
    .argument('<evaluation>', 'the id of a defineEvaluation that pipelines/index.ts exports')
    .option('--variants <names>', 'instead of the defined ones: names, with commas')
    .addOption(new Option('--split <split>', 'instead of the defined one').choices(['dev', 'final', 'all']))
    .option('--tag <tag>', 'only examples with this tag')
    .option('--limit <number>', 'only the first examples, by id', positiveInteger(DATASET_LIMITS.examples))
    .option('--repeats <number>', 'runs of each example by each variant', positiveInteger(LIMITS.repeats))
    .option('--aa', 'the baseline against itself')
    .option('--dataset <version>', 'NAME@HASH; default: the current version');
}

export interface EvaluationRequest extends AskedEvaluation {
  readonly definition: AnyEvaluation;
  readonly version: DatasetVersion;
  /** As it was given. */
  readonly limit: number | undefined;
}

/** @throws SluiceError `evaluation_unknown` with the nearest name, `evaluation_ambiguous` */
export function findDefinition(evaluations: DefinedEvaluations, name: string): AnyEvaluation {
  return findNamed({
    kind: 'evaluation',
    name,
    among: [...evaluations.values()],
    nameOf: ({ id }) => id,
    whenNone: 'pipelines/index.ts exports no `evaluations` yet: see defineEvaluation',
  });
}

/** @throws SluiceError `usage`, `variant_unknown`, those of `versionFor` and of `specOf` */
export async function requestOf(
  session: Session,
  store: Pick<Store, 'datasets'>,
  definition: AnyEvaluation,
  options: RequestOptions,
): Promise<EvaluationRequest> {
  const { specOf } = await import('../evaluation/spec-of.ts');
  const changes = changesOf(definition, await session.services.pipelines(), options);
  const version = await versionFor(session, store, definition.dataset, options.dataset);
  const asked = await specOf({
    definition,
    version: version.version,
    count: (filter) => store.datasets.countExamples(version.version, filter),
    changes,
  });
  return { definition, version, limit: options.limit, ...asked };
}

function changesOf(definition: AnyEvaluation, pipelines: Pipelines, options: RequestOptions): SpecChanges {
  const { variants, split, tag, limit, repeats, aa } = options;
  if (aa && variants !== undefined)
    throw new SluiceError('usage', {
      message: '--aa has the baseline against itself, and --variants names others',
      remedy: 'leave one of them out',
    });
  return {
    ...(variants !== undefined && { variants: variantsNamed(definition, pipelines, variants) }),
    ...(split !== undefined && { split }),
    ...(tag !== undefined && { tag }),
    ...(limit !== undefined && { limit }),
    ...(repeats !== undefined && { repeats }),
    ...(aa && { isAa: true }),
  };
}

/** Of the pipeline's, whether the definition has them or not: `deep` or `docs-bot:deep`. */
function variantsNamed(definition: AnyEvaluation, pipelines: Pipelines, names: string): readonly AnyVariant[] {
  const { id } = definition.pipeline;
  const exported = [...pipelines.values()].filter(isVariant).filter(({ variantOf }) => variantOf === id);
  const among = [...new Map([...definition.variants, ...exported].map((each) => [each.name, each])).values()];
  return names
    .split(',')
    .map((name) => name.trim())
    .map((name) => variantNamed(id, name, among));
}

/** `retrieval: 3 variants × 64 examples × 1 scorer = 192 cells; pre-registered`. */
export function requestLine(request: EvaluationRequest): string {
  const { variants, dataset, repeats, scorers, name } = request.spec;
  const cells = variants.length * dataset.examples * repeats * scorers.length;
  const factors = [
    count(variants.length, 'variant'),
    count(dataset.examples, 'example'),
    ...(repeats > 1 ? [count(repeats, 'repeat')] : []),
    count(scorers.length, 'scorer'),
  ];
  const changes = changesIn(request);
  const standing = changes.length === 0 ? 'pre-registered' : `exploratory: ${changes.join(', ')}`;
  return `${name}: ${factors.join(' × ')} = ${count(cells, 'cell')}; ${standing}`;
}

/** What the command line changed of what is declared; empty where the evaluation is as it was declared. */
function changesIn({ definition, spec, limit }: EvaluationRequest): readonly string[] {
  if (spec.definition !== null) return [];
  const { dataset, repeats, mode } = spec;
  return [
    ...(mode === 'aa' ? ['the baseline against itself'] : []),
    ...(dataset.split === definition.split ? [] : [`split ${dataset.split ?? 'all'}`]),
    ...(dataset.tag === null ? [] : [`tag ${dataset.tag}`]),
    ...(dataset.examples === limit ? [`the first ${count(limit, 'example')}`] : []),
    ...(repeats === definition.repeats ? [] : [`${count(repeats, 'repeat')} instead of ${definition.repeats}`]),
  ];
}

type WithDatasets = Pick<Store, 'datasets'>;

/**
 * @param asked `NAME@HASH` or `@HASH`
 * @throws SluiceError `usage` for another dataset than the definition's; those of finding and of importing one
 */
async function versionFor(
  session: Session,
  store: WithDatasets,
  { name }: AnyDataset,
  asked: string | undefined,
): Promise<DatasetVersion> {
  const hash = asked === undefined ? undefined : hashIn(asked, name);
  const isThere = (await store.datasets.list()).some(({ dataset }) => dataset === name);
  const defined = (await session.services.datasets()).get(name);
  if (!isThere && defined !== undefined) await importFile(session, store, defined);
  const version = await store.datasets.find(name, hash);
  if (isThere && hash === undefined && defined !== undefined) await noteNewFile(session, store, defined, version);
  return version;
}

function hashIn(asked: string, name: string): string {
  const [given, hash = ''] = asked.split('@');
  if ((given === '' || given === name) && hash !== '') return hash;
  throw new SluiceError('usage', {
    message: `--dataset is '${asked}', and the evaluation is on '${name}'`,
    remedy: `name a version of it: --dataset ${name}@HASH; all of them: sluice dataset show ${name}`,
  });
}

async function importFile({ terminal }: Session, { datasets }: WithDatasets, defined: AnyDataset): Promise<void> {
  const examples = await readFileOf(defined);
  const { version } = await datasets.put(defined.name, examples, basename(defined.source));
  terminal.note(
    `imported ${version.dataset}: ${count(version.examples, 'example')}, version ${shortId(version.version)}`,
  );
}

async function readFileOf({ source, input, expected }: AnyDataset) {
  const { formatOf, readDataset } = await import('../evaluation/dataset-file.ts');
  return readDataset(source, formatOf(source), { input, expected });
}

/** Who has changed the file may think that it is what is evaluated. */
async function noteNewFile(
  { terminal }: Session,
  { datasets }: WithDatasets,
  defined: AnyDataset,
  current: DatasetVersion,
): Promise<void> {
  const examples = await readFileOf(defined).catch(() => undefined); // what is stored is what counts
  if (examples === undefined) return;
  const content = contentHash(examples.map(memberOf));
  const versions = await datasets.versions(current.dataset);
  if (versions.some(({ version }) => version === content)) return;
  const name = current.dataset;
  terminal.note(`${basename(defined.source)} was changed since it was imported; to evaluate on it:`);
  terminal.note(`  sluice dataset import --name ${name}`);
}
