/**
 * A passage as units that can be quoted by themselves: a sentence, a short list or an item of a long one, a code block,
 * a table. What needs its neighbour to make sense says so.
 */
import type { Block, Content } from '../ingest/block.ts';
import { parseMarkdown } from '../ingest/markdown.ts';
import { stemSet } from './terms.ts';

export interface Unit {
  readonly kind: 'sentence' | 'list' | 'item' | 'code' | 'table';
  readonly text: string;
  /** Which block of the passage it is in: sentences of one paragraph share it. */
  readonly block: number;
  readonly stems: ReadonlySet<string>;
  /** Starts with a word that points back, such as 'This': quote the sentence before it too. */
  readonly leansBack: boolean;
  /** Ends with a colon: quote what follows too. */
  readonly leansForward: boolean;
  /** The nearest heading inside the passage. */
  readonly under: string;
}

/** A longer list is quoted item by item. */
const LIST_WORDS = 60;

const LEANS_BACK =
  /^(?:\*\*)?(?:this|these|that|those|it|its|they|them|such|however|therefore|otherwise|additionally|also|then|instead|similarly|in this case|in that case|for this|here|the (?:former|latter|above|same|following))\b/i;

/** The units of a passage's text, in order. Text that the parser refuses is one unit. */
export function unitsOf(text: string): readonly Unit[] {
  let under = '';
  return blocksOf(text).flatMap((block, index): readonly Unit[] => {
    if (block.kind !== 'heading') return unitsOfContent(block, index, under);
    under = block.text;
    return [];
  });
}

function blocksOf(text: string): readonly Block[] {
  try {
    return parseMarkdown(text, 'markdown').blocks;
  } catch {
    return [{ kind: 'prose', text }];
  }
}

function unitsOfContent(content: Content, block: number, under: string): readonly Unit[] {
  const unit = (kind: Unit['kind'], text: string): Unit => ({
    kind,
    text,
    block,
    under,
    stems: stemSet(text),
    leansBack: kind === 'sentence' && LEANS_BACK.test(text),
    leansForward: kind === 'sentence' && /:(?:\*\*)?$/.test(text),
  });
  switch (content.kind) {
    case 'prose':
      return sentencesOf(content.text).map((sentence) => unit('sentence', sentence));
    case 'group':
      if (content.lead !== '' || content.text.split(/\s+/).length <= LIST_WORDS) return [unit('list', content.text)];
      return content.parts.map((part) => unit('item', part.text));
    case 'code':
    case 'table':
      return [unit(content.kind, content.text)];
  }
}

/** Prose to sentences, by Unicode's rules (UAX 29) with what they get wrong in technical prose put right. */
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
/** After these a full stop does not end a sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|resp|incl|no|fig|dr|mr|mrs|ms|st)\.\s*$/i;

/** The sentences of a paragraph, trimmed. */
export function sentencesOf(paragraph: string): readonly string[] {
  const sentences: string[] = [];
  let open = '';
  for (const { segment } of segmenter.segment(paragraph)) {
    const continues = open !== '' && (ABBREVIATION.test(open) || /^[\p{Ll})]/u.test(segment) || isInsideCode(open));
    if (open !== '' && !continues) {
      sentences.push(open.trim());
      open = '';
    }
    open += segment;
  }
  if (open.trim() !== '') sentences.push(open.trim());
  return sentences;
}

/** An odd number of back-ticks: the full stop is part of code. */
const isInsideCode = (text: string) => (text.match(/`/g)?.length ?? 0) % 2 === 1;
