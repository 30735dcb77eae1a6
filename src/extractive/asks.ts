/**
 * What kind of answer a question asks for, by its form, and whether a sentence has the form of such an answer. A small
 * part of the taxonomy of Li and Roth ("Learning Question Classifiers", COLING 2002): what documentation is asked most.
 */
import { stemOf, type Term, wordsOf } from './terms.ts';

export type Asks = 'definition' | 'instruction' | 'other';

/** 'What is a tool?' asks what it is; 'What is the fastest way to …' does not. */
const WHAT_IS = /^(?:so,?\s+)?what(?:['’]s|\s+is|\s+are)\b/i;
const DEFINED_WORDS = 2;
const HOW_TO = /\bhow\s+(?:do|does|to|can|could|would|should)\b/i;

/** 'A tool is …': what is defined stands right before it. 'A tool call is …' defines something else. */
const DEFINES = /^((?:[^\s.:;,]+\s+){1,5}?)(?:is|are|means|refers? to)\s/i;
const INSTRUCTS =
  /^(?:to\s|(?:then|first|next|instead|finally),?\s|you\s+(?:can|could|should|must|may|need)\b|(?:add|call|configure|create|define|enable|import|install|pass|provide|return|run|set|specify|use|wrap)\b)/i;

export function asksFor(question: string, terms: readonly Term[]): Asks {
  if (WHAT_IS.test(question.trim()) && terms.length <= DEFINED_WORDS) return 'definition';
  return HOW_TO.test(question) ? 'instruction' : 'other';
}

/** Whether a sentence says what is asked for: defines one of the words, or tells what to do. */
export function suits(asks: Asks, sentence: string, terms: readonly Term[]): boolean {
  switch (asks) {
    case 'definition': {
      const defined = wordsOf(DEFINES.exec(sentence)?.[1] ?? '').map(stemOf);
      return (
        terms.length > 0 &&
        terms.every(({ stem }) => defined.includes(stem)) &&
        terms.some(({ stem }) => stem === defined.at(-1))
      );
    }
    case 'instruction':
      return INSTRUCTS.test(sentence);
    case 'other':
      return false;
  }
}
