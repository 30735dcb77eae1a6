/** Text in lines of a width. */

/** Items in a row with ` · ` between them, in lines of at most `width` columns. */
export function flow(items: readonly string[], width: number, indent = '  '): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const joined = `${lines.at(-1)} · ${item}`;
    if (lines.length > 0 && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(indent + item);
  }
  return lines;
}

/** Text in lines of at most `width` columns, each indented. Its own line breaks are kept, and code stays as it is. */
export function wrap(text: string, width: number, indent = '  '): string[] {
  const room = Math.max(width - indent.length, 20);
  let isCode = false;
  return text.split('\n').flatMap((line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) isCode = !isCode;
    const lines = isCode || isFence || line.length <= room ? [line] : wrapWords(line, room);
    return lines.map((part) => (part === '' ? '' : indent + part));
  });
}

/** One line as several, at words. Continued lines hang under the first: under its text, where it is a list item. */
export function wrapWords(line: string, width: number): string[] {
  const [lead] = /^\s*(?:[-*] |\d+[.)] )?/.exec(line)!;
  const hanging = ' '.repeat(lead.length);
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(' ')) {
    const joined = current.trim() === lead.trim() ? current + word : `${current} ${word}`;
    const isFull = joined.length > width && current.length > lead.length;
    if (isFull) lines.push(current);
    current = isFull ? hanging + word : joined;
  }
  return [...lines, current];
}
