/** The JSON-lines filter: what it does with lines that are not requests, and as a process. */
import { execFile } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { answerLine, MAX_LINE_CHARACTERS, serve } from '../../src/stats/stats-case.ts';

const GOOD = '{"id":"good","kind":"wilson","input":{"x":8,"n":10,"alpha":0.05}}';

test.each([
  ['not JSON', 'garbage', null],
  ['half a request, with an id', '{"id": "half", "kind": "wilson", "input"', 'half'],
  ['a list', '[1,2]', null],
  ['null', 'null', null],
  ['a number', '7', null],
  ['no kind', '{"id":3}', 3],
  ['an unknown kind', '{"id":"u","kind":"magic","input":{}}', 'u'],
  ["the name of an object's member", '{"id":"u","kind":"constructor","input":{}}', 'u'],
  ['a kind that is no name', '{"id":"u","kind":5}', 'u'],
  ['no id', '{"kind":"wilson"}', null],
])('%s answers invalid_input', (_, line, id) => {
  expect(JSON.parse(answerLine(line))).toMatchObject({ id, status: 'invalid_input' });
});

test('a line that is too long is refused', () => {
  const line = `{"id":"long","kind":"moments","input":{"x":[${'1,'.repeat(MAX_LINE_CHARACTERS / 2)}1]}}`;
  expect(JSON.parse(answerLine(line))).toMatchObject({ id: null, status: 'invalid_input' });
});

test('NaN inside a string is left alone', () => {
  expect(JSON.parse(answerLine('{"id":"NaN \\" Infinity","kind":"moments","input":{"x":[1,3]}}'))).toEqual({
    id: 'NaN " Infinity',
    status: 'ok',
    n: 2,
    mean: 2,
    var: 2,
  });
});

test('an id of any JSON value comes back as it is', () => {
  expect(JSON.parse(answerLine('{"id":{"a":[1]},"kind":"moments","input":{"x":[1,3]}}')).id).toEqual({ a: [1] });
});

test('the stream answers every line in order, skips blank ones and goes on after a bad one', async () => {
  const input = new PassThrough();
  // A tiny buffer, so that writing has to wait for the reader.
  const output = new PassThrough({ highWaterMark: 1 });
  const written = text(output);
  input.end(`${GOOD}\r\n\n   \nbad\n${GOOD}`);
  await serve(input, output);
  output.end();
  const statuses = (await written)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).status);
  expect(statuses).toEqual(['ok', 'invalid_input', 'ok']);
});

test('runs as a process', async () => {
  const path = fileURLToPath(new URL('../../src/stats/stats-case.ts', import.meta.url));
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(process.execPath, [path], (error, stdout) => (error ? reject(error) : resolve(stdout)));
    child.stdin!.end(`${GOOD}\n`);
  });
  expect(JSON.parse(output)).toMatchObject({ id: 'good', status: 'ok' });
});
