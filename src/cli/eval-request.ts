/** From a command line to what is asked of an evaluation: the definition by its name, its variants, and what is changed. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count } from '../base/format.ts';
import type { AnyVariant } from '../dsl/edit.ts';
import type { AnyEvaluation } from '../dsl/evaluation.ts';
import type { AskedEvaluation, SpecChanges } from '../evaluation/spec-of.ts';
import type { DefinedEvaluations, Pipelines } from '../host/project.ts';
import { DATASET_LIMITS } from '../model/dataset.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { versionFor } from './eval-dataset.ts';
import { isVariant, variantNamed } from './find-variant.ts';
import { findNamed } from './lookup.ts';
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
