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
