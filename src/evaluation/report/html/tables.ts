/** Tables of text. Each can be scrolled by itself where the page is narrower, also by keyboard. */
import type { FactTable } from '../facts.ts';
import { html, type Markup } from './markup.ts';

export interface TableLook {
  /** Read aloud, and to whoever looks at the source. */
  readonly caption: string;
  /** Places of the columns that are numbers. */
  readonly numbers: readonly number[];
}

export const factTable = ({ headings, rows }: FactTable, { caption, numbers }: TableLook): Markup =>
  scrolled(
    caption,
    html`<table><caption class="unseen">${caption}</caption><thead><tr>${headings.map(
      (heading, place) => html`<th scope="col"${classOf(numbers, place)}>${heading}</th>`,
    )}</tr></thead><tbody>${rows.map(
      (row) => html`<tr>${row.map((text, place) => cellOf(text, place, numbers))}</tr>`,
    )}</tbody></table>`,
  );

const classOf = (numbers: readonly number[], place: number): Markup =>
  numbers.includes(place) ? html` class="number"` : html``;

const cellOf = (text: string, place: number, numbers: readonly number[]): Markup =>
  place === 0 ? html`<th scope="row">${text}</th>` : html`<td${classOf(numbers, place)}>${text}</td>`;

export const scrolled = (label: string, table: Markup): Markup =>
  html`<div class="scrolled" tabindex="0" role="region" aria-label="${label}">${table}</div>`;
