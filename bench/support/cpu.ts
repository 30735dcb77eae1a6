/** CPU time of processes: what benchmarks on a shared machine compare, since other load hardly changes it. */
import { readFileSync } from 'node:fs';

/** Clock ticks per second in /proc; 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

/** User and system CPU milliseconds this process has used. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** User and system CPU milliseconds another process has used (Linux). */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
}

/** CPU milliseconds of a server's process of one connection, and of the workers that its parent has had and buried (Linux). */
export function cpuMsOfBackend(pid: number): number {
  const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]!;
  const fields = readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return cpuMsOf(pid) + ((Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND) * 1_000;
}

/** Peak resident memory of a process in MB (Linux). */
export function peakMemoryMb(pid: number | 'self'): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmHWM:\s+(\d+) kB/m);
  return Number(line?.[1] ?? Number.NaN) / 1_024;
}
