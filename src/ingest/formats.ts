/**
 * Chooses the parser of a document: by a file's extension, and of a page by its content type. Anything else is no
 * document.
 */
import { extname } from 'node:path';

export type TextFormat = 'markdown' | 'mdx' | 'text' | 'html' | 'code';
export type Format =
  | { readonly kind: Exclude<TextFormat, 'code'> | 'pdf' }
  /** `language` as a fence names it. */
  | { readonly kind: 'code'; readonly language: string };

const DOCUMENTS: { readonly [extension: string]: Exclude<Format['kind'], 'code'> } = {
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.mdx': 'mdx',
  '.txt': 'text',
  '.html': 'html',
  '.htm': 'html',
  '.xhtml': 'html',
  '.pdf': 'pdf',
};

/** Extensions of source code, by the language's name in a fence. Data (JSON, YAML, CSV) is no code: lines of it say little. */
const LANGUAGES: { readonly [language: string]: string } = {
  c: '.c .h',
  clojure: '.clj .cljs .cljc',
  cpp: '.cc .cpp .cxx .hh .hpp .hxx',
  csharp: '.cs',
  css: '.css .scss .less',
  dart: '.dart',
  elixir: '.ex .exs',
  erlang: '.erl .hrl',
  fsharp: '.fs .fsx',
  go: '.go',
  graphql: '.graphql .gql',
  groovy: '.groovy .gradle',
  haskell: '.hs',
  hcl: '.tf .hcl',
  java: '.java',
  js: '.js .mjs .cjs',
  jsx: '.jsx',
  julia: '.jl',
  kotlin: '.kt .kts',
  lua: '.lua',
  ocaml: '.ml .mli',
  perl: '.pl .pm',
  php: '.php',
  proto: '.proto',
  python: '.py .pyi',
  r: '.r',
  ruby: '.rb',
  rust: '.rs',
  scala: '.scala .sc',
  sh: '.sh .bash .zsh',
  solidity: '.sol',
  sql: '.sql',
  svelte: '.svelte',
  swift: '.swift',
  ts: '.ts .mts .cts',
  tsx: '.tsx',
  vue: '.vue',
  zig: '.zig',
};

const CODE: { readonly [extension: string]: string } = Object.fromEntries(
  Object.entries(LANGUAGES).flatMap(([language, extensions]) =>
    extensions.split(' ').map((extension) => [extension, language]),
  ),
);

/** By the extension of a path, in any case; undefined for what is no document. */
export function formatOfPath(path: string): Format | undefined {
  const extension = extname(path).toLowerCase();
  if (Object.hasOwn(DOCUMENTS, extension)) return { kind: DOCUMENTS[extension]! };
  return Object.hasOwn(CODE, extension) ? { kind: 'code', language: CODE[extension]! } : undefined;
}

const CONTENT_TYPES: { readonly [type: string]: Format } = {
  'text/html': { kind: 'html' },
  'application/xhtml+xml': { kind: 'html' },
  'text/markdown': { kind: 'markdown' },
  'text/x-markdown': { kind: 'markdown' },
  'text/mdx': { kind: 'mdx' },
  'application/pdf': { kind: 'pdf' },
  'text/javascript': { kind: 'code', language: 'js' },
  'application/javascript': { kind: 'code', language: 'js' },
};
/** Types that servers give to what they do not know, or know by an extension of another kind: the address says more. */
const VAGUE_TYPES = new Set(['', 'text/plain', 'application/octet-stream', 'binary/octet-stream', 'video/mp2t']);

/** By the content type of a page and, where that is vague, by its address; undefined for what is no document. */
export function formatOfPage(contentType: string, url: URL): Format | undefined {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  if (Object.hasOwn(CONTENT_TYPES, type)) return CONTENT_TYPES[type];
  const byAddress = formatOfPath(url.pathname);
  if (VAGUE_TYPES.has(type)) return byAddress ?? (type === 'text/plain' ? { kind: 'text' } : undefined);
  // `text/x-python`, `application/sql`: that it is code is known, and which, by the extension.
  return byAddress?.kind === 'code' && /^(text|application)\//.test(type) ? byAddress : undefined;
}

/** For messages. */
export const FORMAT_NAMES = 'Markdown, MDX, HTML, plain text, PDF or source code';
