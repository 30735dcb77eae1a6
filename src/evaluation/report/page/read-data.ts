/** The data that the page carries, unpacked: columns as typed arrays, in which what is missing is NaN. */
import type { PageColumn, PageData } from '../page-data.ts';

export interface Column {
  readonly values: Float64Array;
  /** Places in the data's reasons; 0 is none. */
  readonly reasons: Uint16Array;
}

export interface Page extends Omit<PageData, 'columns'> {
  readonly columns: readonly (readonly (Column | null)[])[];
}

export async function readPage(packed: string): Promise<Page> {
  const characters = atob(packed);
  const bytes = new Uint8Array(characters.length);
  for (let place = 0; place < bytes.length; place += 1) bytes[place] = characters.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return openPage((await new Response(stream).json()) as PageData);
}

export function openPage(data: PageData): Page {
  const columns = data.columns.map((sides) => sides.map((column) => (column === null ? null : columnOf(column))));
  return { ...data, columns };
}

function columnOf({ values, at, why }: PageColumn): Column {
  const reasons = new Uint16Array(values.length);
  for (const [place, example] of at.entries()) reasons[example] = why[place]!;
  return { values: Float64Array.from(values, (value) => value ?? Number.NaN), reasons };
}
