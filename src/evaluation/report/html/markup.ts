/**
 * HTML by a tagged template that escapes whatever is put into it; only what it made itself goes in as it is. So no text
 * from outside can become markup by being forgotten.
 */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Markup[] | null | false;

const ENTITIES: { readonly [sign: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);

/** Null and false are nothing. Attributes are to stand in double quotes. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const markup = texts.map((text, place) => text + (place < parts.length ? partOf(parts[place]!) : ''));
  return Object.freeze({ markup: markup.join('') });
}

function partOf(part: Part | undefined): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'number' || typeof part === 'string') return escapeHtml(String(part));
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
}
