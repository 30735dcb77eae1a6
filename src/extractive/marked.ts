/**
 * Texts of others as parts of a message: each stands between marks that no such text can contain, since `<` before a mark's
 * name is written `&lt;` there. So a text that ends itself and goes on as something else is still one text.
 */

const MARK = /<(?=\s*\/?\s*(?:question|reference|answer|documents?)\b)/gi;

/** @param n tells several of one name apart */
export function marked(name: 'question' | 'reference' | 'answer', text: string, n?: number): string {
  return `<${name}${n === undefined ? '' : ` n="${n}"`}>\n${withoutMarks(text)}\n</${name}>`;
}

export const withoutMarks = (text: string): string => text.replace(MARK, '&lt;');
