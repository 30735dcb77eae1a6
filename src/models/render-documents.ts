/**
 * How documents stand in a prompt. Whoever wrote a document may have written it to be read as an instruction, or as the end
 * of itself and the beginning of another: each stands between marks that its own text cannot contain, since `<` before
 * such a mark's name is written `&lt;` there, and titles and addresses are quoted on one line.
 */
import type { ChatDocument, ChatMessage, ChatRequest } from './language-model.ts';

const MARK = /<(?=\s*\/?\s*documents?\b)/gi;
const HEADER_CHARACTERS = 500;

/**
 * The messages with the documents before the last one that the user wrote.
 *
 * @returns the same messages where there are no documents
 */
export function withDocuments({ messages, documents = [] }: ChatRequest): readonly ChatMessage[] {
  if (documents.length === 0) return messages;
  const last = messages.findLastIndex(({ role }) => role === 'user');
  return messages.map((message, place) =>
    place === last ? { ...message, content: `${renderDocuments(documents)}\n\n${message.content}` } : message,
  );
}

export function renderDocuments(documents: readonly ChatDocument[]): string {
  return ['<documents>', ...documents.map(renderDocument), '</documents>'].join('\n');
}

function renderDocument({ n, text, title, url }: ChatDocument): string {
  const header = [
    `n="${n}"`,
    ...(title === undefined ? [] : [`title=${attribute(title)}`]),
    ...(url === undefined ? [] : [`url=${attribute(url)}`]),
  ];
  return `<document ${header.join(' ')}>\n${text.replace(MARK, '&lt;')}\n</document>`;
}

function attribute(value: string): string {
  const line = value
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .slice(0, HEADER_CHARACTERS)
    .toWellFormed();
  return `"${line.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`;
}
