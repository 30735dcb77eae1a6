/**
 * What a program costs, with all the processes that it starts and the servers it uses: taken from the outside, so that
 * different programs are measured alike (Linux).
 */
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { sum } from './statistics.ts';

/** Seldom enough to be cheap, often enough to see what stays for longer than a moment. */
const SAMPLE_EVERY_MS = 100;
/** Clock ticks per second in /proc; 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

export interface Cost {
  /** From its start to its exit. */
  readonly wallMs: number;
  /** Of its processes, and of the servers that this process had started before. */
  readonly cpuMs: number;
  /** Likewise. A page that several processes share counts once. */
  readonly peakMemoryMb: number;
  readonly exitCode: number | null;
}

/** Runs a program of Node's to its end. What it costs this process is left out. */
export async function runProgram(args: readonly string[], options: SpawnOptions): Promise<Cost> {
  const cpuMsBefore = cpuMsOfDescendants();
  const startedAt = performance.now();
  const program = spawn(process.execPath, args, options);
  let peakMemoryMb = 0;
  const sampling = setInterval(() => {
    peakMemoryMb = Math.max(peakMemoryMb, memoryMbOfDescendants());
  }, SAMPLE_EVERY_MS);
  try {
    const [exitCode] = (await once(program, 'exit')) as [number | null];
    const wallMs = performance.now() - startedAt;
    return { wallMs, cpuMs: cpuMsOfDescendants() - cpuMsBefore, peakMemoryMb, exitCode };
  } finally {
    clearInterval(sampling);
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
  /** Of its children that have ended, and theirs. */
  readonly endedCpuMs: number;
}

function cpuMsOfDescendants(): number {
  const own = readProcess(process.pid)!.endedCpuMs;
  return own + sum(descendants().map(({ cpuMs, endedCpuMs }) => cpuMs + endedCpuMs));
}

const memoryMbOfDescendants = (): number => sum(descendants().map(({ pid }) => memoryMb(pid)));

function descendants(): Process[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const all = pids.map(readProcess).filter((found) => found !== undefined);
  const childrenOf = Map.groupBy(all, ({ parent }) => parent);
  const below = (pid: number): Process[] =>
    (childrenOf.get(pid) ?? []).flatMap((child) => [child, ...below(child.pid)]);
  return below(process.pid);
}

/** Undefined where it has ended meanwhile. */
function readProcess(pid: number): Process | undefined {
  // The name before the last parenthesis may hold anything; the fields after it are numbered from 3.
  const stat = readIfThere(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  if (stat === undefined) return undefined;
  const field = (number: number) => Number(stat[number - 3]);
  const toMs = 1_000 / TICKS_PER_SECOND;
  return {
    pid,
    parent: field(4),
    cpuMs: (field(14) + field(15)) * toMs,
    endedCpuMs: (field(16) + field(17)) * toMs,
  };
}

/** The proportional set size: a page that n processes share counts as 1/n in each of them. */
function memoryMb(pid: number): number {
  const kilobytes = readIfThere(`/proc/${pid}/smaps_rollup`)?.match(/^Pss:\s+(\d+) kB/m)?.[1];
  return Number(kilobytes ?? 0) / 1_024;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
