/** `sluice dataset add --from-feedback`: runs that people liked, or did not, become examples. */
import { SluiceError } from '../base/errors.ts';
import { count, shortId } from '../base/format.ts';
import type { RowSchemas } from '../evaluation/dataset-row.ts';
import type { Example } from '../model/dataset.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { PutOutcome } from '../store/datasets.ts';
import type { RatedRun } from '../store/feedback-runs.ts';
import type { Store } from '../store/store.ts';
import { findVersion } from './dataset-names.ts';
import { type FeedbackOptions, ratedFilter } from './feedback-options.ts';
import { redactionOf } from './redacting.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

export interface AddFeedbackOptions extends FeedbackOptions {
  readonly fromFeedback: 'up' | 'down';
  readonly accept?: boolean;
  readonly tag?: readonly string[];
  readonly new?: boolean;
}

/** Why a run became no example. */
type LeftOut = 'duplicates' | 'withoutOutput' | 'unfit';

interface Added {
  readonly outcome: PutOutcome;
  readonly added: readonly string[];
  readonly leftOut: { readonly [why in LeftOut]: number };
  /** What is wrong with the first that does not fit. */
  readonly unfitWhy: string | null;
}

export async function addFromFeedback(session: Session, given: string, options: AddFeedbackOptions): Promise<ExitCode> {
  const { terminal, services } = session;
  const definitions = await services.datasets();
  const redaction = await redactionOf(session);
  const { outcome, added, leftOut, unfitWhy } = await withStore(session, async ({ store }): Promise<Added> => {
    const name = options.new ? given : (await findVersion(store, given)).dataset;
    const thumb = options.fromFeedback === 'up' ? 1 : -1;
    const runs = await store.feedback.ratedRuns({ ...ratedFilter(options, Date.now()), thumb });
    if (runs.length === 0) throw noFeedback(options);
    const chosen = await choose(
      { store, redaction },
      runs,
      await inputsOf(store, name),
      options,
      definitions.get(name),
    );
    if (chosen.examples.length === 0) throw nothingNew(name, chosen);
    const origin = `thumbs ${options.fromFeedback} of ${count(chosen.examples.length, 'run')}`;
    const { added, ...outcome } = await store.datasets.addAll(name, chosen.examples, origin, {
      mayBegin: options.new ?? false,
    });
    return { outcome, added, leftOut: chosen.leftOut, unfitWhy: chosen.unfitWhy };
  });
  const { version, created } = outcome;
  if (terminal.json) terminal.printJson({ ...version, created, added, leftOut });
  else {
    terminal.print(
      `${version.dataset}: ${count(added.length, 'example')} added of thumbs ${options.fromFeedback}, ${count(version.examples, 'example')}, version ${shortId(version.version)}`,
    );
    for (const line of leftOutLines(leftOut, unfitWhy)) terminal.print(`  ${line}`);
  }
  return EXIT.fine;
}

interface Chosen {
  readonly examples: readonly Example[];
  readonly leftOut: Added['leftOut'];
  readonly unfitWhy: string | null;
}

/** What many people ask is one example; of those that asked the same, the run that was rated last. */
async function choose(
  { store, redaction }: { readonly store: Store; readonly redaction: Redaction },
  runs: readonly RatedRun[],
  known: ReadonlySet<string>,
  { accept, tag: tags = [] }: AddFeedbackOptions,
  schemas: RowSchemas = {},
): Promise<Chosen> {
  const [{ restoreClaims }, { readRow }] = await Promise.all([
    import('../store/claims.ts'),
    import('../evaluation/dataset-row.ts'),
  ]);
  const seen = new Set(known);
  const examples: Example[] = [];
  const leftOut = { duplicates: 0, withoutOutput: 0, unfit: 0 };
  let unfitWhy: string | null = null;
  for (const { runId, state, ...run } of runs) {
    const input = redaction.json(await restoreClaims(store.payloads, run.input));
    const key = canonicalJson(input);
    if (seen.has(key)) leftOut.duplicates += 1;
    else if (accept && state !== 'completed' && state !== 'degraded') leftOut.withoutOutput += 1;
    else {
      const expected = accept ? { expected: redaction.json(await restoreClaims(store.payloads, run.output)) } : {};
      const row: Json = { id: runId, input, ...expected, ...(tags.length > 0 && { tags }), run: runId };
      const example = readRow(row, schemas, (_, message) => {
        unfitWhy ??= `${runId}: ${message}`;
      });
      if (example === undefined) leftOut.unfit += 1;
      else {
        examples.push(example);
        seen.add(key);
      }
    }
  }
  return { examples, leftOut, unfitWhy };
}

/** Of a dataset that is to begin, none. */
async function inputsOf({ datasets }: Store, name: string): Promise<ReadonlySet<string>> {
  const current = (await datasets.list()).find(({ dataset }) => dataset === name);
  const inputs = new Set<string>();
  if (current !== undefined)
    for await (const { input } of datasets.eachExample(current.version)) inputs.add(canonicalJson(input));
  return inputs;
}

function leftOutLines({ duplicates, withoutOutput, unfit }: Added['leftOut'], unfitWhy: string | null): string[] {
  const parts = [
    ...(duplicates > 0 ? [`${duplicates} whose input is in the dataset already`] : []),
    ...(withoutOutput > 0 ? [`${withoutOutput} without an output to accept`] : []),
    ...(unfit > 0 ? [`${unfit} that do not fit (${unfitWhy})`] : []),
  ];
  return parts.length === 0 ? [] : [`left out: ${parts.join('; ')}`];
}

function noFeedback({ fromFeedback, pipeline }: AddFeedbackOptions): SluiceError {
  return new SluiceError('feedback_none', {
    message: `no run${pipeline === undefined ? '' : ` of '${pipeline}'`} has more thumbs ${fromFeedback} than others in that time`,
    remedy:
      'look further back (--since 90d), or leave out --pipeline; people say it with: sluice feedback RUN --thumb up',
  });
}

function nothingNew(name: string, { leftOut, unfitWhy }: Chosen): SluiceError {
  return new SluiceError('nothing_to_add', {
    message: `'${name}' gets nothing new: ${leftOutLines(leftOut, unfitWhy).join('')}`,
    remedy: 'look further back (--since 90d), or at more runs (--limit 1000)',
    data: { name, ...leftOut },
  });
}
