/** `sluice ingest`: a folder, a JSONL file or a list becomes an index, as a durable workflow that can be resumed. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showDuration, showWhole } from '../base/format.ts';
import type { Runtime } from '../host/runtime.ts';
import { absoluteSourceName, listSourceName } from '../ingest/source-name.ts';
import type { IngestInput, IngestProgress, IngestResult } from '../model/ingest-messages.ts';
import { checkIndexName } from '../store/indexes.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { EXIT, type ExitCode, Interrupted, orInterrupted, type Session } from './session.ts';
import { withRuntime } from './with-servers.ts';

interface IngestOptions {
  readonly index: string;
  readonly list?: string;
  readonly chunk: IngestInput['chunk'];
  readonly embed: string;
  readonly restart?: boolean;
}

/** A worker answers within this, if there is one. */
const IDLE_MS = 10_000;
/** Skipped documents that are named; the rest is counted. */
const NAMED_SKIPS = 10;

export function ingestCommand(world: World): Command {
  return readingCommand('ingest', {
    summary: 'read documents into an index; unchanged ones are kept; exit code 1 if a document was skipped',
    examples: [
      ['ingest docs/ --index docs', 'a folder of Markdown, MDX, HTML, text, PDF and source code'],
      ['ingest --list pages.txt --index pages', 'a path or an address a line, # comments; addresses of this machine'],
      ['ingest pages.jsonl --index pages', 'one {id, title?, text, url?, metadata?} a line'],
      ['ingest passages.jsonl --index p --chunk none', 'each line one passage, under its own id'],
      ['ingest docs/ --index docs --restart', 'from the beginning, where one that was broken off would be resumed'],
    ],
  })
    .argument('[source]', 'a folder, or a .jsonl file')
    .option('--list <file>', 'instead of a source: a text file with a path or an http address a line')
    .requiredOption('--index <name>', 'the index to make or to bring up to date')
    .addOption(
      new Option('--chunk <mode>', 'how documents are cut into passages')
        .choices(['headings', 'none'])
        .default('headings'),
    )
    .option(
      '--embed <model>',
      'for search by meaning: local/lsa, none, or a served model such as openai/text-embedding-3-small',
      'local/lsa',
    )
    .option('--restart', 'end an ingest of this index that is under way, and begin anew')
    .action((source: string | undefined, options: IngestOptions, command: Command) =>
      runAction(world, command, (session) => ingest(session, source, options)),
    );
}

/** @throws SluiceError `usage` */
function sourceName(source: string | undefined, list: string | undefined): string {
  if (source !== undefined && list === undefined) return source;
  if (source === undefined && list !== undefined) return listSourceName(list);
  throw new SluiceError('usage', {
    message: source === undefined ? 'there is no source' : `both a source, '${source}', and --list were given`,
    remedy: 'sluice ingest <folder or .jsonl file> --index <name>, or --list <file> --index <name>',
  });
}

async function ingest(session: Session, given: string | undefined, all: IngestOptions): Promise<ExitCode> {
  const { restart = false, list, ...options } = all;
  const { terminal, signal, folder, services } = session;
  const source = absoluteSourceName(sourceName(given, list), folder);
  checkIndexName(options.index);
  const { openSource } = await import('../ingest/source.ts');
  await openSource(source);
  const { result, tookMs } = await withRuntime(session, { project: services.project }, async (runtime) => {
    const startedAt = performance.now();
    const input = { ...options, source };
    const result = await orInterrupted(signal, ingestWithProgress(session, runtime, input, restart));
    return { result, tookMs: performance.now() - startedAt };
  }).catch((error: unknown) => {
    // Ctrl-C leaves the ingest as it is, rather than cancel it: nothing that was read is read again.
    throw error instanceof Interrupted ? new Interrupted(['stopped; the same command goes on from here']) : error;
  });
  // First, so that the result is the last line.
  for (const line of omissionLines(result)) terminal.note(line);
  if (terminal.json) terminal.printJson(result);
  else terminal.print(ingestLine(result, tookMs));
  return result.skippedCount === 0 ? EXIT.fine : EXIT.error;
}

/** Runs the ingest under a progress bar. Nothing more is said of it after the session's signal. */
export async function ingestWithProgress(
  { terminal, signal }: Pick<Session, 'terminal' | 'signal'>,
  { client }: Pick<Runtime, 'client'>,
  input: IngestInput,
  restart = false,
): Promise<IngestResult> {
  const progress = terminal.progress(`ingest ${input.index}`);
  const note = (line: string) => void (signal.aborted || terminal.note(line));
  let isReading = true;
  const idle = setTimeout(() => note('no worker has taken it yet; is one running? sluice worker'), IDLE_MS);
  signal.addEventListener('abort', () => progress.stop(), { once: true });
  try {
    return await client.ingest(input, {
      restart,
      onResumed: (before) => note(resumedLine(before)),
      onProgress: ({ phase, done, total }) => {
        clearTimeout(idle);
        if (signal.aborted) return;
        if (isReading && total > 0) progress.update(done, total);
        if (!isReading || phase !== 'committing') return;
        // A full bar that stands still would look like one that hangs.
        isReading = false;
        progress.stop();
        note(`all ${count(total, 'document')} are read: embedding and committing what is new`);
      },
      onRetry: ({ activity, attempt, attempts, reason }) =>
        note(`${activity}: try ${attempt} of ${attempts} failed, trying again: ${reason}`),
      onOutage: note,
    });
  } finally {
    clearTimeout(idle);
    progress.stop();
  }
}

/** `going on with the ingest that was under way: 96 of 303 documents are done`. */
function resumedLine({ phase, done, total }: IngestProgress): string {
  const state =
    phase === 'committing'
      ? `all ${count(total, 'document')} are read, their embedding is not finished`
      : `${showWhole(done)} of ${count(total, 'document')} are done`;
  return `going on with the ingest that was under way: ${total === 0 ? 'its source is being listed' : state}`;
}

/** `✔ ingested ai-docs  303 documents → 2,163 passages in 21 s  snapshot 4f1c09a1b2c3`; `!` and a count if any was skipped. */
export function ingestLine(
  { index, snapshot, totals, skippedCount, ...result }: IngestResult,
  elapsedMs: number,
): string {
  const isAllNew = result.added === totals.documents;
  const changes = [
    ...(result.added > 0 && !isAllNew ? [`${result.added} new`] : []),
    ...(result.changed > 0 ? [`${result.changed} changed`] : []),
    ...(result.removed > 0 ? [`${result.removed} removed`] : []),
    ...(result.unchanged > 0 ? [`${result.unchanged} unchanged`] : []),
  ];
  const size = `${count(totals.documents, 'document')} → ${count(totals.passages, 'passage')}`;
  return [
    `${skippedCount === 0 ? '✔' : '!'} ingested ${index}  ${size} in ${showDuration(elapsedMs)}`,
    ...(changes.length > 0 ? [`(${changes.join(', ')})`] : []),
    `snapshot ${snapshot.slice(0, 12)}`,
    ...(skippedCount > 0 ? [`${count(skippedCount, 'document')} skipped`] : []),
  ].join('  ');
}

/** What was left out or mended, by name and reason. */
export function omissionLines({ skipped, skippedCount, notes }: IngestResult): string[] {
  const named = skipped.slice(0, NAMED_SKIPS).map(({ name, reason, detail }) => `  ${name}: ${reason}, ${detail}`);
  const more = skippedCount - named.length;
  return [
    ...(skippedCount > 0 ? [`${count(skippedCount, 'document')} skipped:`, ...named] : []),
    ...(more > 0 && skippedCount > 0 ? [`  … and ${more} more`] : []),
    ...Object.entries(notes).map(([note, number]) => `${count(number, 'document')}: ${note}`),
  ];
}
