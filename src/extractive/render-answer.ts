/** Excerpts to an answer: a paragraph of prose ends with the number of its passage; code and lists follow as they are. */
import type { Citation } from '../model/step-schemas.ts';
import type { Excerpt } from './excerpt.ts';
import { citationOf, placeName } from './titles.ts';
import type { Unit } from './units.ts';

export interface RenderedAnswer {
  readonly text: string;
  readonly citations: Citation[];
}

export function renderAnswer(excerpts: readonly Excerpt[]): RenderedAnswer {
  const quoted = excerpts.filter((excerpt) => excerpt.units().length > 0);
  return {
    text: quoted.map((excerpt, index) => renderExcerpt(excerpt, index + 1)).join('\n\n'),
    citations: quoted.map(({ from }, index) => citationOf(from.passage, index + 1)),
  };
}

function renderExcerpt(excerpt: Excerpt, n: number): string {
  const paragraphs = paragraphsOf(excerpt.units());
  const rendered = paragraphs.map(({ kind, text }) => (kind === 'sentence' ? cite(text, n) : text));
  const introduced = paragraphs[0]?.kind === 'sentence';
  return (introduced ? rendered : [`From “${placeName(excerpt.from.passage)}” [${n}]:`, ...rendered]).join('\n\n');
}

const GLUE: { readonly [kind in Unit['kind']]?: string } = { sentence: ' ', item: '\n' };

/** Sentences of one paragraph stay together, and items of one list. */
function paragraphsOf(units: readonly Unit[]): readonly { readonly kind: Unit['kind']; readonly text: string }[] {
  const paragraphs: { kind: Unit['kind']; block: number; text: string }[] = [];
  for (const { kind, block, text } of units) {
    const last = paragraphs.at(-1);
    const glue = GLUE[kind];
    if (glue !== undefined && last?.kind === kind && last.block === block) last.text = `${last.text}${glue}${text}`;
    else paragraphs.push({ kind, block, text });
  }
  return paragraphs;
}

/** `It streams.` becomes `It streams [1].` */
function cite(text: string, n: number): string {
  return /[.!?:]$/.test(text) ? `${text.slice(0, -1)} [${n}]${text.slice(-1)}` : `${text} [${n}]`;
}
