/** The little of Markdown that answers have: code in fences, headings, and in a line code, what is strong, and `[n]`. */

export type Inline =
  | { readonly is: 'text' | 'code' | 'strong'; readonly text: string }
  | { readonly is: 'citation'; readonly n: number };

export type Block =
  | { readonly is: 'code'; readonly text: string; readonly language: string }
  | { readonly is: 'heading' | 'text'; readonly inlines: readonly Inline[] };

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+#.-]*)/;
const HEADING = /^#{1,6}\s+(.*)$/;
const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\[(\d{1,3})\](?!\()/g;

export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  let paragraph: string[] = [];
  const end = () => {
    const said = paragraph.join('\n').replace(/^\n+|\s+$/g, '');
    if (said !== '') blocks.push({ is: 'text', inlines: inlinesOf(said) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    const fence = FENCE.exec(line);
    if (fence !== null) {
      end();
      const close = endOf(lines, at + 1, fence[1]!);
      blocks.push({ is: 'code', text: lines.slice(at + 1, close).join('\n'), language: fence[2] ?? '' });
      at = close;
      continue;
    }
    const heading = HEADING.exec(line);
    if (heading !== null) {
      end();
      blocks.push({ is: 'heading', inlines: inlinesOf(heading[1]!) });
    } else if (line.trim() === '') end();
    else paragraph.push(line);
  }
  end();
  return blocks;
}

/** The line that closes a fence; one that nothing closes goes on to the end. */
function endOf(lines: readonly string[], from: number, fence: string): number {
  const close = lines.findIndex((line, at) => at >= from && line.trim().startsWith(fence));
  return close < 0 ? lines.length : close;
}

function inlinesOf(text: string): readonly Inline[] {
  const inlines: Inline[] = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > from) inlines.push({ is: 'text', text: text.slice(from, found.index) });
    inlines.push(inlineOf(found));
    from = found.index + found[0].length;
  }
  if (from < text.length) inlines.push({ is: 'text', text: text.slice(from) });
  return inlines;
}

function inlineOf([, code, strong, n]: RegExpExecArray): Inline {
  if (code !== undefined) return { is: 'code', text: code };
  return strong === undefined ? { is: 'citation', n: Number(n) } : { is: 'strong', text: strong };
}
