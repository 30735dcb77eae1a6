/** PDFs that tests make. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createDeflate } from 'node:zlib';
import { PDFDocument, PDFName, StandardFonts } from 'pdf-lib';

/** A page for each list of lines. */
export async function pdfOf(
  pages: readonly (readonly string[])[],
  { title }: { readonly title?: string } = {},
): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  if (title !== undefined) pdf.setTitle(title);
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (const lines of pages) {
    const page = pdf.addPage();
    page.setFont(font);
    page.setFontSize(11);
    lines.forEach((line, index) => void page.drawText(line, { x: 40, y: 780 - index * 14 }));
  }
  return pdf.save();
}

/** A page whose content is small as stored and `megabytes` when unpacked; made without ever being that large. */
export async function pdfBomb(megabytes: number): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  const page = pdf.addPage();
  const megabyte = Buffer.alloc(1_000_000, ' ');
  const unpacked = Readable.from(Array.from({ length: megabytes }, () => megabyte));
  const stream = pdf.context.stream(await buffer(unpacked.pipe(createDeflate())), { Filter: 'FlateDecode' });
  page.node.set(PDFName.of('Contents'), pdf.context.register(stream));
  return pdf.save();
}
