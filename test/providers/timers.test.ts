/** What a call that failed leaves behind: nothing that keeps a process alive. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../standin/faults.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { servedSubjects } from './subjects.ts';

let standIn: LocalStandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.close());

const subjects = fileURLToPath(new URL('./subjects.ts', import.meta.url));

/** A process that makes every kind of call once, and then has nothing left to do. */
const script = `
  const { callOf, providersAt, servedSubjects } = await import(${JSON.stringify(subjects)});
  const [name, openaiUrl, cohereUrl, abortAfterMs] = process.argv.slice(1);
  const subject = servedSubjects.find((each) => each.name === name);
  const providers = providersAt({ openaiUrl, cohereUrl });
  const asked = { messages: [{ role: 'user', content: 'What is a run?' }], maxOutputTokens: 20 };
  const calls = [
    (call) => providers.languageModel(subject.languageModel).writeText(asked, call),
    (call) => providers.languageModel(subject.languageModel).writeText({ ...asked, onText() {} }, call),
    (call) => providers.embedder(subject.embedder).embed({ texts: ['x'], as: 'query' }, call),
    ...(subject.reranker
      ? [(call) => providers.reranker(subject.reranker).rerank({ query: 'q', documents: [{ text: 'x' }], topN: 1 }, call)]
      : []),
  ];
  const outcomes = [];
  for (const make of calls) {
    const signal = abortAfterMs ? AbortSignal.timeout(Number(abortAfterMs)) : new AbortController().signal;
    outcomes.push(await make(callOf({ signal })).then(() => 'answered', (error) => error.code ?? error.name));
  }
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  console.log(JSON.stringify({ outcomes, timers }));`;

const faults: readonly (readonly [string, Fault | undefined])[] = [
  ['was refused', { kind: 'status', status: 503 }],
  ['was cut', { kind: 'cut' }],
  ['was given up while the provider hung', { kind: 'hang' }],
  ['found no server', undefined],
];

describe.each(servedSubjects)('$name', ({ name }) => {
  it.each(faults)('a call that %s leaves no timer', async (_name, fault) => {
    await standIn.reset();
    if (fault) await standIn.fault(fault, { times: 10 });
    // Nothing listens on port 1.
    const urls = fault ? [standIn.openaiUrl, standIn.cohereUrl] : ['http://127.0.0.1:1/v1', 'http://127.0.0.1:1'];
    const argv = [name, ...urls, ...(fault?.kind === 'hang' ? ['200'] : [])];
    const ran = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
      execFile(
        process.execPath,
        ['--input-type=module', '--eval', script, ...argv],
        { timeout: 30_000 },
        (error, stdout, stderr) => resolve({ code: error ? (error.signal ?? error.code) : 0, stdout, stderr }),
      ),
    );
    const { outcomes, timers } = JSON.parse(ran.stdout);
    expect(outcomes).not.toContain('answered');
    expect(timers).toBe(0);
    expect(ran.code, ran.stderr).toBe(0);
  });
});
