/**
 * Text from outside (questions, ids, reasons) as Markdown that shows it and nothing else: no markup, no HTML, no further
 * table cell, no link, no formula, and no mention of a person or an issue, which would notify them.
 */
import { cut } from '../output-text.ts';

const CELL_LENGTH = 240;
/** Whatever may begin markup anywhere in a line, and what may only at its beginning. */
const SIGNS = /[\\`*_[\]|~$&<>]/g;
const FIRST_SIGNS = /^(?:[-+=#]|\d+(?=[.)](?:\s|$)))/;
const ENTITIES: { readonly [sign: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** What is joined to a name, a number or an address: `@who`, `#12`, `GH-12`, `https://`, `www.`, `:tada:`. */
const JOINTS = /[@#](?=\S)|:(?=\S)|\bGH-(?=\d)|\bwww(?=\.)/gi;
const APART = '\u200b';

const keptApart = (text: string): string => text.replace(/\s+/gu, ' ').trim().replace(JOINTS, `$&${APART}`);

const inline = (text: string): string => keptApart(text).replace(SIGNS, (sign) => ENTITIES[sign] ?? `\\${sign}`);

/** A line, or a part of one. */
export const escapeMarkdown = (text: string): string =>
  inline(text).replace(FIRST_SIGNS, (first) => (/\d/.test(first) ? `${first}${APART}` : `\\${first}`));

/** Inside of an HTML element, where no Markdown is read. */
export const escapeElement = (text: string): string => keptApart(text).replace(/[&<>]/g, (sign) => ENTITIES[sign]!);

/** A cell of a table. */
export const cell = (text: string): string => inline(cut(text, CELL_LENGTH)) || ' ';
