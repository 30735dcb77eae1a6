/** How a passage's place is written. */

import { webUrl } from '../base/web-url.ts';
import type { Citation, Passage } from '../model/step-schemas.ts';

/** Title and headings as one text, for comparing words. */
export const headingText = ({ title, heading }: Pick<Passage, 'title' | 'heading'>): string =>
  [title ?? '', ...(heading ?? [])].join(' · ');

/** `Streaming › Example`, or the id of what has no title. */
export function placeName({ id, title, heading }: Pick<Passage, 'id' | 'title' | 'heading'>): string {
  const levels = [title ?? '', ...(heading ?? [])].filter(
    (level, index, all) => level !== '' && level !== all[index - 1],
  );
  return levels.length === 0 ? id : levels.join(' › ');
}

/** The document that a passage is from: ingest numbers its passages behind a `#`. */
export const documentOf = (passageId: string): string => passageId.replace(/#\d+$/, '');

export function citationOf(passage: Passage, n: number): Citation {
  const { id, title, heading } = passage;
  const url = webUrl(passage.url);
  return {
    n,
    passageId: id,
    ...(title !== undefined && { title }),
    ...(url !== undefined && { url }),
    ...(heading && { heading }),
  };
}
