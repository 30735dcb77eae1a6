/**
 * Cuts one content into pieces that a passage can hold. Prose is packed to the token target; code and tables are whole
 * up to the byte limit, then cut between lines or rows with their fence or header repeated. Only a line, row or
 * sentence that alone exceeds the limit is cut inside, between characters.
 */
import type { Content } from './block.ts';
import { PASSAGE_LIMITS } from './limits.ts';
import { byteLength, countTokens } from './tokens.ts';

export interface Piece {
  readonly text: string;
  readonly tokens: number;
  readonly bytes: number;
}

interface Room {
  readonly tokens: number;
  readonly bytes: number;
}

/** What every cut piece of one content starts and ends with, and what stands between its parts. */
interface Frame {
  readonly head: string;
  readonly tail: string;
  readonly glue: string;
}

const PROSE_ROOM: Room = PASSAGE_LIMITS;
const WHOLE_ROOM: Room = { bytes: PASSAGE_LIMITS.bytes, tokens: Number.POSITIVE_INFINITY };
/** A lead above this part of the room would leave too little for what it leads: it is then said once. */
const LEAD_SHARE = 4;

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The pieces of a content, in order, each within the passage limits. */
export function cutContent(content: Content): readonly Piece[] {
  return cut(content, PROSE_ROOM, WHOLE_ROOM)
    .filter((text) => text.trim() !== '')
    .map(measure);
}

function cut(content: Content, proseRoom: Room, wholeRoom: Room): readonly string[] {
  const room = content.kind === 'code' || content.kind === 'table' ? wholeRoom : proseRoom;
  if (fits(content.text, room)) return [content.text];
  switch (content.kind) {
    case 'prose':
      return pack(splitSentences(content.text), { head: '', tail: '', glue: '' }, room);
    case 'code':
      return pack(
        content.body.split('\n'),
        { head: `${content.open}\n`, tail: `\n${content.close}`, glue: '\n' },
        room,
      );
    case 'table':
      return pack(content.rows, { head: `${content.header}\n`, tail: '', glue: '\n' }, room);
    case 'group': {
      const head = content.lead === '' ? '' : `${content.lead}\n\n`;
      const isShort = byteLength(head) * LEAD_SHARE <= room.bytes && countTokens(head) * LEAD_SHARE <= room.tokens;
      const repeated = isShort && content.parts.every((part) => staysWhole(part, wholeRoom, head));
      if (!repeated)
        return [...cut({ kind: 'prose', text: content.lead }, proseRoom, wholeRoom), ...cutParts(content.parts, '')];
      return cutParts(content.parts, head);
    }
  }

  function cutParts(parts: readonly Content[], head: string): readonly string[] {
    const texts = parts.flatMap((part) => cut(part, less(proseRoom, head), less(wholeRoom, head)));
    // Code and tables in the group may use the whole room; prose is packed to the target.
    return pack(texts, { head, tail: '', glue: '\n' }, { tokens: proseRoom.tokens, bytes: wholeRoom.bytes });
  }
}

/** Whether no code or table in it is cut for the sake of a lead, which would fit without one. */
function staysWhole(content: Content, room: Room, head: string): boolean {
  if (content.kind === 'group') return content.parts.every((part) => staysWhole(part, room, head));
  return content.kind === 'prose' || !fits(content.text, room) || fits(content.text, less(room, head));
}

/** Parts in order, as many together as there is room for. */
function pack(parts: readonly string[], frame: Frame, room: Room): readonly string[] {
  const head = byteLength(frame.head + frame.tail) * 2 > room.bytes ? '' : frame.head;
  const tail = head === '' ? '' : frame.tail;
  const inner = less(room, head + tail);
  const packed: string[] = [];
  let current: string[] = [];
  let bytes = 0;
  let tokens = 0;
  const flush = () => {
    if (current.length > 0) packed.push(`${head}${current.join(frame.glue)}${tail}`.trim());
    current = [];
    bytes = 0;
    tokens = 0;
  };
  const glueBytes = byteLength(frame.glue);
  for (const part of parts.flatMap((each) => splitCharacters(each, inner.bytes))) {
    const partBytes = byteLength(part) + glueBytes;
    const partTokens = inner.tokens === Number.POSITIVE_INFINITY ? 0 : countTokens(part);
    if (bytes + partBytes - glueBytes > inner.bytes || (current.length > 0 && tokens + partTokens > inner.tokens))
      flush();
    current.push(part);
    bytes += partBytes;
    tokens += partTokens;
  }
  flush();
  return packed.filter((text) => text !== '');
}

const less = (room: Room, used: string): Room =>
  used === ''
    ? room
    : {
        bytes: room.bytes - byteLength(used),
        tokens: room.tokens - (room.tokens === Number.POSITIVE_INFINITY ? 0 : countTokens(used)),
      };

/** The text between characters, in parts of at most `bytes`. */
function splitCharacters(text: string, bytes: number): readonly string[] {
  if (byteLength(text) <= bytes) return [text];
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endWithin(text, start, bytes);
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

/** The furthest end for which `text.slice(start, end)` has at most `bytes` bytes and cuts no character. */
function endWithin(text: string, start: number, bytes: number): number {
  let end = Math.min(text.length, start + bytes);
  while (byteLength(text.slice(start, end)) > bytes)
    end -= Math.max(1, Math.ceil((byteLength(text.slice(start, end)) - bytes) / 4));
  const inPair = end < text.length && /[\uDC00-\uDFFF]/.test(text.charAt(end));
  return inPair ? end - 1 : end;
}

/** Sentences with the space after them, so that joined they are the text again. */
function splitSentences(text: string): readonly string[] {
  return Array.from(sentences.segment(text), ({ segment }) => segment);
}

function fits(text: string, room: Room): boolean {
  // Bytes first: the tokenizer never sees more than a passage's worth of text.
  if (byteLength(text) > room.bytes) return false;
  return room.tokens === Number.POSITIVE_INFINITY || countTokens(text) <= room.tokens;
}

const measure = (text: string): Piece => ({ text, tokens: countTokens(text), bytes: byteLength(text) });
