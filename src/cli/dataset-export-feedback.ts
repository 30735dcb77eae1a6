/** `sluice dataset export --from-feedback`: of answers to the same, one that people liked beside one that they did not. */
import { SluiceError } from '../base/errors.ts';
import type { RatedAnswer, Tuning } from '../evaluation/preferences.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { Store } from '../store/store.ts';
import { leftOutLines } from './dataset-export-evaluation.ts';
import { type FeedbackOptions, ratedFilter } from './feedback-options.ts';
import { redactionOf } from './redacting.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { count } from './text.ts';
import { withStore } from './with-servers.ts';
import { writeOut } from './write-file.ts';

export interface FeedbackExportOptions extends FeedbackOptions {
  readonly out?: string;
  readonly system?: string;
}

/** As many as the store gives: pairs need all that was said of a question. */
const ALL_RUNS = 1_000;

export async function exportFeedback(session: Session, options: FeedbackExportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { out, system, limit = ALL_RUNS } = options;
  const redaction = await redactionOf(session);
  const { tuning, runs } = await withStore(session, async ({ store }) => {
    const { feedbackPairs } = await import('../evaluation/preferences.ts');
    const rated = await ratedAnswers(store, { ...options, limit }, redaction);
    return { runs: rated.length, tuning: feedbackPairs({ rated, final: await finalInputs(store), system }) };
  });
  const { lines, leftOut, text } = tuning;
  if (lines === 0) throw nothingToExport(runs, tuning);
  if (out === undefined) terminal.print(text.replace(/\n$/, ''));
  else await writeOut(out, text);
  if (terminal.json) terminal.printJson({ format: 'preference', out, runs, lines, leftOut });
  else terminal.note(`${count(lines, 'pair')} of the thumbs of ${count(runs, 'run')}${out ? ` in ${out}` : ''}`);
  for (const line of leftOutLines(tuning)) terminal.note(line);
  return EXIT.fine;
}

async function ratedAnswers(
  store: Store,
  options: FeedbackOptions,
  { json }: Redaction,
): Promise<readonly RatedAnswer[]> {
  const { restoreClaims } = await import('../store/claims.ts');
  const answers: RatedAnswer[] = [];
  for (const { input, output, up, down } of await store.feedback.ratedRuns(ratedFilter(options, Date.now())))
    answers.push({
      ...{ up, down, input: json(await restoreClaims(store.payloads, input)) },
      output: json(await restoreClaims(store.payloads, output)),
    });
  return answers;
}

/** What the final half of any dataset asks. */
async function finalInputs({ datasets }: Store): Promise<ReadonlySet<string>> {
  const inputs = new Set<string>();
  for (const { version } of await datasets.list())
    for await (const { input } of datasets.eachExample(version, { split: 'final' })) inputs.add(canonicalJson(input));
  return inputs;
}

const nothingToExport = (runs: number, tuning: Tuning): SluiceError =>
  new SluiceError('nothing_to_export', {
    message:
      runs === 0
        ? 'nobody has given a thumb in that time'
        : `of ${count(runs, 'run')} with thumbs no two answered the same, the one liked and the other not`,
    remedy: [...leftOutLines(tuning), 'look further back: --since 90d'].join('; '),
    data: { runs, ...tuning.leftOut },
  });
