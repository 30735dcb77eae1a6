/** The compose file, read as docker compose would read it with a value for each required variable, and no other set. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');

export interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment: { readonly [name: string]: string | number };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: { readonly [service: string]: { readonly condition: string } };
}

export interface ComposeFile {
  readonly services: { readonly [name: string]: Service };
  readonly volumes: { readonly [name: string]: unknown };
}

/** `merge` because YAML 1.2 has no merge keys; compose files do. */
export function readComposeFile(): ComposeFile {
  const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const parsed: unknown = parse(text, { merge: true });
  // After YAML is read, as docker compose does: a message may hold what YAML would take for its own.
  const interpolated = (_: string, value: unknown) => (typeof value === 'string' ? interpolate(value) : value);
  return JSON.parse(JSON.stringify(parsed), interpolated) as ComposeFile;
}

export interface Variable {
  readonly name: string;
  /** `:-` has a default, `:?` is required. */
  readonly kind: ':-' | ':?';
  readonly text: string;
}

/** The variables that the compose file at `path` reads, as often as it does. */
export function variablesOf(path: string): readonly Variable[] {
  const found = readFileSync(join(root, path), 'utf8').matchAll(VARIABLE);
  return [...found].map(({ groups }) => groups as unknown as Variable);
}

const VARIABLE = /\$\{(?<name>\w+)(?<kind>:[-?])(?<text>[^}]*)\}/g;

/** `${NAME:-default}` becomes the default, `${NAME:?message}` a value of 32 characters or more, and `$$` a dollar. */
function interpolate(text: string): string {
  const value = (_: string, name: string, kind: string, rest: string) =>
    kind === ':?' ? name.toLowerCase().padEnd(32, '0') : rest;
  return text.replaceAll(VARIABLE, value).replaceAll('$$', '$');
}
