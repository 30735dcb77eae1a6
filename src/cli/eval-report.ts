/** `sluice eval report`: a comparison as a page to look into, as a comment on a change, or as JSON. */
import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import type { ReportData } from '../evaluation/report/data.ts';
import type { OpenedStore } from '../host/store-only.ts';
import { readingCommand, runAction, type World, writeOut } from './command.ts';
import { type NamedEvaluation, namedLines, resolveReference, withDefinition } from './eval-refs.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

const FORMATS = ['html', 'md', 'json'] as const;
type Format = (typeof FORMATS)[number];

interface ReportOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly json?: boolean;
}

export function reportCommand(world: World): Command {
  return readingCommand('report', {
    summary: 'write a comparison as a page, as Markdown, or as JSON',
    examples: [
      ['eval report retrieval', 'a page of its own, to open in a browser or to mail'],
      ['eval report retrieval --format md', 'for a comment on a pull request'],
      ['eval report before-release-1f2e before-release-77aa --out report.html', 'across evaluations'],
    ],
  })
    .argument('<evaluations...>', 'ID, ID:variant, or a definition’s name; the baseline first')
    .addOption(new Option('--format <format>', 'default: by the name of --out, else html').choices(FORMATS))
    .option(
      '--out <file>',
      'the file to write; default: a page is named for its evaluation, others go to standard output',
    )
    .action((references: string[], options: ReportOptions, command: Command) =>
      runAction(world, command, (session) => report(session, references, options)),
    );
}

async function report(session: Session, references: readonly string[], options: ReportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const format = formatOf(options);
  const data = await withStore(session, async (opened) => {
    const named = await Promise.all(references.map((reference) => resolveReference(opened.store, reference)));
    for (const line of namedLines(named)) terminal.note(line);
    return reportData(session, opened, named);
  });
  const text = await render(data, format);
  const out = options.out ?? (format === 'html' ? `${data.evaluations[0]!.evaluationId}.html` : undefined);
  if (out === undefined) {
    terminal.print(text.replace(/\n$/, ''));
    return EXIT.fine;
  }
  await writeOut(out, text);
  if (terminal.json) terminal.printJson({ format, out, bytes: Buffer.byteLength(text) });
  else terminal.print(out);
  return EXIT.fine;
}

const EXTENSIONS: { readonly [extension: string]: Format } = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'md',
  '.json': 'json',
};

const formatOf = ({ format, out, json }: ReportOptions): Format =>
  format ?? (out === undefined ? undefined : EXTENSIONS[extname(out).toLowerCase()]) ?? (json ? 'json' : 'html');

async function render(data: ReportData, format: Format): Promise<string> {
  switch (format) {
    case 'html':
      return (await import('../evaluation/report/html.ts')).renderHtml(data);
    case 'md':
      return (await import('../evaluation/report/markdown.ts')).renderMarkdown(data);
    case 'json':
      return (await import('../evaluation/report/html.ts')).renderJson(data);
  }
}

/** Everything that a report shows of a comparison. */
export async function reportData(
  session: Session,
  opened: Pick<OpenedStore, 'store' | 'urlOf'>,
  named: readonly NamedEvaluation[],
): Promise<ReportData> {
  const { loadReport } = await import('../evaluation/report/load-report.ts');
  return loadReport(opened, named, {
    adjust: (compared) => withDefinition(session, opened.store, compared, { mustCheck: false }),
  });
}
