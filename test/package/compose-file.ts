/** The compose file, read as docker compose would read it on a machine where no variable is set. */
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
  return parse(withDefaults(text), { merge: true }) as ComposeFile;
}

/** `${NAME:-default}` becomes the default, and `$$` a dollar. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-(?<value>[^}]*)\}/g, '$<value>').replaceAll('$$', '$');
}
