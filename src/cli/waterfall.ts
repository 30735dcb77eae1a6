/** A trace as lines for a terminal: what happened, nested, each beside how long it took and a bar of when. */
import { stripVTControlCharacters } from 'node:util';
import { showDuration } from '../base/format.ts';
import { lengthOf, type Span, type Trace } from '../telemetry/trace.ts';
import type { Colours } from './terminal.ts';
import { wrap } from './text.ts';
import { type Row, rootRow } from './waterfall-rows.ts';

export interface WaterfallOptions {
  readonly colours: Colours;
  readonly width: number;
  /** Whether what was given and what came back is shown. */
  readonly hasContent: boolean;
}

const TOOK_WIDTH = 8;
/** A bar is not made narrower than this, nor wider. */
const [NARROWEST_BAR, WIDEST_BAR] = [16, 40];

export function waterfallLines(trace: Trace, options: WaterfallOptions): readonly string[] {
  const { hasContent } = options;
  const root = rootRow(trace, hasContent);
  const lines = [...branches(root, '', '')];
  const labelWidth = Math.min(
    Math.max(...lines.map(({ text }) => lengthOfText(text))),
    Math.max(options.width - TOOK_WIDTH - NARROWEST_BAR - 6, 20),
  );
  const barWidth = Math.min(Math.max(options.width - labelWidth - TOOK_WIDTH - 5, NARROWEST_BAR), WIDEST_BAR);
  const scale = scaleOf(trace, root);
  return lines.flatMap((line) => drawn(line, { ...options, labelWidth, barWidth, scale }));
}

interface Line {
  readonly row: Row;
  readonly text: string;
  /** What stands before the notes under it. */
  readonly under: string;
}

function* branches(row: Row, lead: string, under: string): Generator<Line> {
  const { label, aside, inside } = row;
  yield {
    row,
    text: `${lead}${label}${aside === '' ? '' : `  ${aside}`}`,
    under: `${under}${inside.length > 0 ? '│ ' : '  '}`,
  };
  for (const [index, inner] of inside.entries()) {
    const isLast = index === inside.length - 1;
    yield* branches(inner, `${under}${isLast ? '└ ' : '├ '}`, `${under}${isLast ? '  ' : '│ '}`);
  }
}

interface Drawing extends WaterfallOptions {
  readonly labelWidth: number;
  readonly barWidth: number;
  readonly scale: { readonly from: number; readonly perCell: (width: number) => number };
}

function drawn({ row, text, under }: Line, drawing: Drawing): readonly string[] {
  const { colours, labelWidth, width, hasContent } = drawing;
  const shownText = shorten(text, labelWidth);
  const padded = shownText + ' '.repeat(Math.max(0, labelWidth - lengthOfText(shownText)));
  const paint = row.tone === 'bad' ? colours.red : row.tone === 'faint' ? colours.dim : (plain: string) => plain;
  const line = `${paint(padded)}  ${showDuration(lengthOf(row.span)).padStart(TOOK_WIDTH)}  ${bar(row, drawing)}`;
  const notes = row.notes.flatMap((note) =>
    note.startsWith('✖')
      ? wrap(note, width, `${under}  `).map((part) => colours.red(part))
      : [colours.dim(hasContent ? shorten(`${under}  ${note}`, width) : `${under}  ${note}`)],
  );
  return [line.trimEnd(), ...notes];
}

/** `░` while it waited for a worker, `█` while it ran; `▒` where nobody knows how long. */
function bar({ span, wait, tone }: Row, { scale, barWidth, colours }: Drawing): string {
  if (span.startedAt === null) return '';
  const perCell = scale.perCell(barWidth);
  const cell = (at: number) => Math.min(Math.max((at - scale.from) / perCell, 0), barWidth);
  const began = wait?.startedAt ?? span.startedAt;
  const from = Math.min(Math.floor(cell(began)), barWidth - 1);
  const to = Math.max(Math.ceil(cell(span.endedAt ?? span.startedAt)), from + 1);
  const waited = wait?.endedAt == null ? 0 : Math.min(Math.round(cell(wait.endedAt) - cell(began)), to - from - 1);
  const paint = tone === 'bad' ? colours.red : tone === 'faint' ? colours.dim : colours.cyan;
  const ran = (span.endedAt === null ? '▒' : '█').repeat(to - from - Math.max(waited, 0));
  return ' '.repeat(from) + paint('░'.repeat(Math.max(waited, 0)) + ran);
}

/** From the run's start to its end; of one that has none, to the last thing that is known. */
function scaleOf(trace: Trace, root: Row): Drawing['scale'] {
  const known = [...spansIn(root)]
    .flatMap(({ startedAt, endedAt }) => [startedAt, endedAt])
    .filter((at) => at !== null);
  const from = Math.min(...known);
  const to = trace.endedAt ?? Math.max(...known);
  return { from, perCell: (width) => Math.max(to - from, 1) / width };
}

function* spansIn({ span, inside }: Row): Generator<Span> {
  yield span;
  for (const inner of inside) yield* spansIn(inner);
}

const lengthOfText = (text: string): number => [...stripVTControlCharacters(text)].length;

function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(width - 1, 1)).join('')}…`;
}
