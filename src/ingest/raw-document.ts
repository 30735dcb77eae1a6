/** Bytes with a format to a document as parsers take it: text is decoded here, a PDF is left to its parser. */
import { declaredCharset, decodeText } from './clean-text.ts';
import type { RawDocument } from './document.ts';
import type { Format } from './formats.ts';
import { INGEST_LIMITS } from './limits.ts';
import { type Refusal, refused } from './skip.ts';

/** How a document is called, and what is known of it beside its bytes. */
export interface Naming {
  readonly id: string;
  readonly name: string;
  readonly fallbackTitle: string;
  readonly url?: string;
}

/** @param charset as its server says it; else HTML says it itself, and everything else is UTF-8 */
export function rawDocument(
  naming: Naming,
  format: Format,
  bytes: Uint8Array,
  charset?: string,
): RawDocument | Refusal {
  if (format.kind === 'pdf') return { ...naming, format: 'pdf', bytes };
  const label = charset ?? (format.kind === 'html' ? declaredCharset(bytes) : undefined);
  const decoded = decodeText(bytes, label);
  if (decoded === undefined)
    return refused('not-utf8', `its bytes are not ${label ?? 'UTF-8'}: convert it to UTF-8, for example with iconv`);
  const text = { ...naming, text: decoded.text, mended: decoded.cleaned };
  return format.kind === 'code'
    ? { ...text, format: 'code', language: format.language }
    : { ...text, format: format.kind };
}

/** Bytes that a document of this format may have. */
export const limitOf = (format: Format): number =>
  format.kind === 'pdf' ? INGEST_LIMITS.pdfBytes : INGEST_LIMITS.documentBytes;
