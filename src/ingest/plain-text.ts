/** Plain text to blocks: paragraphs are what blank lines part. */
import { type Block, prose } from './block.ts';

export function parsePlainText(source: string): readonly Block[] {
  return source
    .split(/\n[ \t]*(?:\n[ \t]*)+/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '')
    .map(prose);
}
