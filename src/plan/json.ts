/**
 * The first look at JSON from outside, before anything recurses into it: only what JSON can hold, not too deep, not too
 * long, and no key that would change an object's prototype when a program assigns it.
 */
import { LIMITS } from './plan-limits.ts';

export interface JsonFault {
  /** Keys and indices from the top. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The first fault of a value as JSON, or undefined. Iterative, so that depth cannot exhaust the stack. */
export function findJsonFault(value: unknown): JsonFault | undefined {
  const open: { value: unknown; path: readonly (string | number)[] }[] = [{ value, path: [] }];
  let entries = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const message = faultOf(next.value, next.path);
    if (message !== undefined) return { path: next.path, message };
    if (next.value === null || typeof next.value !== 'object') continue;
    const { path } = next;
    for (const [key, inner] of Object.entries(next.value)) {
      if (++entries > LIMITS.planBytes) return { path, message: `has more than ${LIMITS.planBytes} entries` };
      open.push({ value: inner, path: [...path, Array.isArray(next.value) ? Number(key) : key] });
    }
  }
  return undefined;
}

function faultOf(value: unknown, path: readonly (string | number)[]): string | undefined {
  if (path.length > LIMITS.planDepth) return `is nested deeper than ${LIMITS.planDepth} levels`;
  const key = path.at(-1);
  if (key === '__proto__') return "has the key '__proto__', which would change an object's prototype";
  if (typeof key === 'string' && !key.isWellFormed()) return 'has a key with a lone surrogate';
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON cannot hold`;
    case 'string':
      return value.isWellFormed() ? undefined : 'has a lone surrogate, which UTF-8 cannot hold';
    case 'object':
      return value === null || isPlain(value) ? undefined : 'is an object of a class, not plain data';
    default:
      return `is ${typeof value}, which JSON cannot hold`;
  }
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Freezes JSON all the way down, and returns it. */
export function freezeJson<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freezeJson(inner);
  return Object.freeze(value);
}
