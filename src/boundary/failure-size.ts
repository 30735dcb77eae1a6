/**
 * A message may quote a provider's whole answer, and an error is told again by every node that waited for it, by the
 * record and by the caller: so it is cut where it arises.
 */
import type { SluiceError } from '../base/errors.ts';

const MESSAGE_CHARACTERS = 4_000;
const DATA_BYTES = 16_384;

export function cut(text: string): string {
  const rest = text.length - MESSAGE_CHARACTERS;
  return rest <= 0 ? text : `${text.slice(0, MESSAGE_CHARACTERS)} (and ${rest} characters more)`;
}

export function smallData(data: SluiceError['data']): SluiceError['data'] {
  const bytes = Buffer.byteLength(JSON.stringify(data));
  return bytes <= DATA_BYTES ? data : { left_out: `${bytes} bytes of data, ${DATA_BYTES} are kept` };
}
