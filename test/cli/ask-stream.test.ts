import { describe, expect, it, vi } from 'vitest';
import { showStream, wantsDrafts } from '../../src/cli/ask.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import type { RunResult, StreamEvent } from '../../src/client/run-result.ts';
import { failedRun, fakeRuntime, finishedRun, run, undeployed } from './fakes.ts';

const { runId } = finishedRun;
const draft = { runId, node: 'draft', key: 'draft[1]', attempt: 1, round: 1 };
const token = (seq: number, text: string): StreamEvent => ({ kind: 'token', ...draft, seq, text });
const text = 'Call streamText [1].';
const answered: readonly StreamEvent[] = [
  token(0, 'No.'),
  { kind: 'retract', ...draft },
  token(0, 'Call '),
  { kind: 'accepted', runId, text, rest: text.slice(5), output: finishedRun.output },
  { kind: 'degraded', runId, keys: ['ranked'] },
  { kind: 'answer', runId, result: finishedRun },
];
const failed: readonly StreamEvent[] = [{ kind: 'failed', runId, error: failedRun.error, result: failedRun }];

function streamOf(events: readonly StreamEvent[], result: RunResult = finishedRun) {
  const started = { runId, answer: Promise.resolve(result.output), finished: Promise.resolve(result) };
  return {
    started: Promise.resolve(started),
    answer: started.finished,
    async *[Symbol.asyncIterator]() {
      yield* events;
    },
  };
}
function streaming(events: readonly StreamEvent[], result?: RunResult) {
  const stream = vi.fn((..._: readonly unknown[]) => streamOf(events, result));
  return { stream, ...fakeRuntime({ client: { stream, check: async () => undefined } }) };
}
const asked = ['ask', 'docs-bot', 'How?', '--stream'];

describe('sluice ask --stream', () => {
  it('prints the accepted text alone into a pipe, and asks for no drafts', async () => {
    const { stream, runtime } = streaming(answered);
    expect(await run(asked, { runtime })).toEqual({ code: 0, stdout: `${text}\n`, stderr: undeployed('docs-bot') });
    expect(stream.mock.calls[0]?.[2]).toMatchObject({ drafts: false });
  });

  it('prints an output without one text as JSON', async () => {
    const output = { lines: ['a'] };
    const { runtime } = streaming([{ kind: 'accepted', runId, text: null, rest: null, output }]);
    expect((await run(asked, { runtime })).stdout).toBe('{"lines":["a"]}\n');
  });

  it('prints each event as a line of JSON, drafts among them', async () => {
    const { stream, runtime } = streaming(answered);
    const { stdout, code } = await run([...asked, '--json'], { runtime });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(answered);
    expect([stream.mock.calls[0]?.[2], code]).toEqual([expect.objectContaining({ drafts: true }), 0]);
  });

  it('says of a failed run why, as without it', async () => {
    const { runtime } = streaming(failed, failedRun);
    const { code, stdout, stderr } = await run(asked, { runtime });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('cohere answered 429');
    const json = await run([...asked, '--json'], { runtime: streaming(failed, failedRun).runtime });
    expect([json.code, JSON.parse(json.stdout)]).toEqual([1, failed[0]]);
  });

  it('shows drafts on a terminal, and clears them for the answer', async () => {
    const written: string[] = [];
    const stdout = { write: (part: string) => written.push(part), isTTY: true, columns: 80, rows: 24 };
    const options = { stdout, stderr: { write: () => undefined }, environment: { NO_COLOR: '1' } };
    const terminal = createTerminal(options);
    expect(wantsDrafts(terminal)).toBe(true);
    await showStream(terminal, streamOf(answered) as never);
    const clear = `${String.fromCharCode(27)}[0J`;
    expect(written.filter((part) => part === clear).length).toBe(2);
    expect(written.filter((part) => part !== clear && !part.endsWith('G'))).toEqual(['No.', 'Call ']);
    expect(written.at(-1)).toBe(clear);
    for (const hidden of [{ quiet: true }, { environment: { TERM: 'dumb' } }])
      expect(wantsDrafts(createTerminal({ ...options, ...hidden }))).toBe(false);
  });
});
