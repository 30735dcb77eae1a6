/** What every reply with vectors must be: one for each text, all of the length that was asked for, of finite numbers. */
import { providerFailure } from './failures.ts';
import type { Served } from './settings.ts';

/** @throws StepFailure `output_malformed` */
export function checkVectors(
  served: Served,
  vectors: readonly Float32Array[],
  expected: { readonly count: number; readonly dimensions: number },
): readonly Float32Array[] {
  const { count, dimensions } = expected;
  if (vectors.length !== count)
    throw providerFailure('output_malformed', served, `sent ${vectors.length} vectors for ${count} texts`);
  const wrong = vectors.find((vector) => vector.length !== dimensions);
  if (wrong !== undefined)
    throw providerFailure('output_malformed', served, `sent a vector of ${wrong.length} numbers, not ${dimensions}`);
  if (!vectors.every((vector) => vector.every(Number.isFinite)))
    throw providerFailure('output_malformed', served, 'sent a vector that is not of numbers');
  return vectors;
}

/** Little-endian 32-bit floats, as OpenAI sends them. */
export function decodeVector(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, place) => bytes.readFloatLE(4 * place));
}
