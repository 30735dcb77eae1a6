import { expect, test } from 'vitest';
import { formatOfPage, formatOfPath } from '../../src/ingest/formats.ts';

test.each([
  ['a/b.MD', { kind: 'markdown' }],
  ['a.mdx', { kind: 'mdx' }],
  ['a.txt', { kind: 'text' }],
  ['a.htm', { kind: 'html' }],
  ['a.pdf', { kind: 'pdf' }],
  ['a.test.ts', { kind: 'code', language: 'ts' }],
  ['a.rs', { kind: 'code', language: 'rust' }],
  ['a.sql', { kind: 'code', language: 'sql' }],
  ['a.json', undefined],
  ['Makefile', undefined],
  ['.md', undefined],
  ['a.constructor', undefined],
])('the path %s is read as %o', (path, format) => {
  expect(formatOfPath(path)).toEqual(format);
});

test.each([
  ['text/html; charset=utf-8', '/a.md', { kind: 'html' }],
  ['TEXT/HTML', '/', { kind: 'html' }],
  ['text/markdown', '/a', { kind: 'markdown' }],
  ['application/pdf', '/download?id=1', { kind: 'pdf' }],
  ['text/plain', '/a', { kind: 'text' }],
  ['text/plain', '/a.md', { kind: 'markdown' }],
  ['application/octet-stream', '/a.pdf', { kind: 'pdf' }],
  ['', '/a.html', { kind: 'html' }],
  ['', '/a', undefined],
  ['video/mp2t', '/a.ts', { kind: 'code', language: 'ts' }],
  ['text/x-python', '/a.py', { kind: 'code', language: 'python' }],
  ['text/javascript', '/a', { kind: 'code', language: 'js' }],
  ['image/png', '/a.md', undefined],
  ['application/json', '/a', undefined],
  ['constructor', '/a', undefined],
])('a page of type %s at %s is read as %o', (type, path, format) => {
  expect(formatOfPage(type, new URL(path, 'http://localhost'))).toEqual(format);
});
