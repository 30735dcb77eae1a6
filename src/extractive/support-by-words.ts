/** How far the claims of an answer are made of words that the passages they cite hold. */
import type { Citation, Passage } from '../model/step-schemas.ts';
import { sentencesOf } from './sentences.ts';
import { stemSet } from './terms.ts';
import { headingText } from './titles.ts';

const CITATION = /\[(\d{1,3})\]/g;
const FENCED = /^(`{3,})[^\n]*\n([\s\S]*?)^\1[ \t]*$/gm;
const SHOWN_CHARACTERS = 80;

/** The cited passages that there are, by the numbers they are cited by. */
export function resolveCitations(
  citations: readonly Citation[],
  passages: readonly Passage[],
): ReadonlyMap<number, Passage> {
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  return new Map(
    citations.flatMap(({ n, passageId }) => (byId.has(passageId) ? [[n, byId.get(passageId)!] as const] : [])),
  );
}

export interface Claim {
  readonly text: string;
  readonly stems: ReadonlySet<string>;
  /** The numbers its paragraph cites; those of the paragraph before where it has none of its own (a list, code). */
  readonly cited: readonly number[];
}

/** The sentences of an answer, each block of code as one of them, with what they cite. */
export function claimsOf(text: string): readonly Claim[] {
  let cited: readonly number[] = [];
  // Code may hold blank lines: it is taken out first and is one claim with its paragraph's citations.
  const codes: string[] = [];
  const outline = text.replace(FENCED, (_, __, body: string) => `\u{FFFC}${codes.push(body) - 1}\u{FFFC}`);
  return outline.split(/\n{2,}/).flatMap((paragraph) => {
    const own = [...paragraph.matchAll(CITATION)].map(([, n]) => Number(n));
    cited = own.length > 0 ? own : cited;
    const code = /^\u{FFFC}(\d+)\u{FFFC}$/u.exec(paragraph.trim());
    const claims = code ? [codes[Number(code[1])]!] : sentencesOf(paragraph.replace(CITATION, ''));
    return claims.map((claim) => ({ text: claim, stems: stemSet(claim), cited }));
  });
}

/**
 * From 0 to 1: the share of a claim's content words that what it cites holds (lexical precision, as in ROUGE-1, Lin 2004). 1
 * where it has none.
 */
export function supportOf({ stems, cited }: Claim, byNumber: ReadonlyMap<number, Passage>): number {
  if (stems.size === 0) return 1;
  const sources = cited.flatMap((n) => byNumber.get(n) ?? []);
  const held = stemSet(sources.map((source) => `${headingText(source)}\n${source.text}`).join('\n'));
  return [...stems].filter((stem) => held.has(stem)).length / stems.size;
}

/** Says so of a claim that is not supported. */
export const unsupportedText = ({ text }: Claim): string =>
  `What it cites does not say: “${text.slice(0, SHOWN_CHARACTERS)}”.`;
