/**
 * Whatever a screen shows, a command prints: every command line that the dashboard names is one that the program has, with
 * these options and as many arguments.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import * as commands from '../../dashboard/commands.ts';
import { commandLine } from '../../src/base/shell.ts';
import { createProgram } from '../../src/cli/program.ts';

const WEB = join(import.meta.dirname, '../../dashboard');
const program = createProgram({ stdout: process.stdout } as never);

/** As a shell takes them apart. */
function wordsOf(line: string): readonly string[] {
  const parts = line.match(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return parts.map((part) =>
    part.replaceAll(/"([^"]*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) => double ?? single ?? escaped),
  );
}

/** Why the program does not have the command line; null where it does. */
function refusal(line: string): string | null {
  const [name, ...words] = wordsOf(line);
  if (name !== 'sluice') return 'it is not of sluice';
  if (words.join(' ') === '--help') return null;
  let command: Command = program;
  while (words.length > 0) {
    const inner = command.commands.find((each) => each.name() === words[0]);
    if (inner === undefined) break;
    command = inner;
    words.shift();
  }
  if (command === program) return `there is no command '${words[0]}'`;
  const given: string[] = [];
  while (words.length > 0) {
    const word = words.shift()!;
    if (!word.startsWith('-')) {
      given.push(word);
      continue;
    }
    const option = command.options.find(({ long, short }) => long === word || short === word);
    if (option === undefined) return `${command.name()} has no option ${word}`;
    if (!option.required && !(option.optional && words[0] !== undefined && !words[0].startsWith('-'))) continue;
    const value = words.shift();
    if (value === undefined) return `${word} is without its value`;
    try {
      option.parseArg?.(value, option.defaultValue);
    } catch (error) {
      return `${word} ${value}: ${(error as Error).message}`;
    }
    if (option.argChoices !== undefined && !option.argChoices.includes(value)) return `${word} is never ${value}`;
  }
  const takes = command.registeredArguments;
  const least = takes.filter(({ required }) => required).length;
  const most = takes.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : takes.length;
  // What only holds others does nothing alone.
  if (command.commands.length > 0 && takes.length === 0 && command.name() !== 'views')
    return `${command.name()} is a group`;
  return given.length >= least && given.length <= most ? null : `${command.name()} is given ${given.length} arguments`;
}

const board = {
  datasets: [],
  ...{ dataset: 'ai docs', split: 'dev', board: { sortedBy: 'mrr-10', baseline: 'eval-tone-1:as it is' } },
};
const where = [
  { field: 'latencyMs', op: '>', value: '2000' },
  { field: 'note', op: 'contains', value: 'it\'s "$5"!' },
  { field: 'state', op: 'in', value: ['failed', 'degraded'] },
  { field: 'error', op: 'is not empty' },
  { field: 'started', op: 'after', value: 1_760_000_000_000 },
];
const RUNS = {
  where,
  sort: { by: 'costUsd', descending: true },
  columns: ['run', 'thumb'],
  axes: { x: 'tokens', y: 'score' },
};

const LINES: { readonly [Name in keyof typeof commands]: readonly string[] } = {
  runsCommands: commands.runsCommands(RUNS),
  runCommands: commands.runCommands('run-7d2f', 'a'.repeat(64)),
  evaluationCommands: commands.evaluationCommands('eval-tone-1', true),
  compareCommand: [commands.compareCommand('eval-a:wide + rerank,eval-b'), commands.compareCommand('')],
  exampleCommands: commands.exampleCommands(['eval-a', 'eval-b', 'eval-a'], 'is it so?'),
  leaderboardCommand: [commands.leaderboardCommand(board), commands.leaderboardCommand(undefined)],
  datasetCommands: commands.datasetCommands('ai-docs'),
  playgroundCommands: [...commands.playgroundCommands([]), ...commands.playgroundCommands(['a', 'a:wide'])],
  experimentCommands: [
    ...commands.experimentCommands('x-1', 'experiment'),
    ...commands.experimentCommands('x-1', 'rollout'),
  ],
  briefCommand: [commands.briefCommand('x-1')],
  planDiffCommand: [commands.planDiffCommand('a'.repeat(64), 'b'.repeat(64))],
  pipelineCommands: commands.pipelineCommands('docs-bot'),
  monitorCommands: [...commands.monitorCommands('m@1', true), ...commands.monitorCommands('m', false)],
  auditCommand: [commands.auditCommand(''), commands.auditCommand('docs-bot')],
};

describe('the commands that screens name', () => {
  it.each(Object.entries(LINES))('%s are ones that the program has', (_, lines) => {
    expect(lines.map((line) => [line, refusal(line)])).toEqual(lines.map((line) => [line, null]));
  });

  it('also where they are written out', () => {
    const files = globSync('**/*.{ts,tsx}', { cwd: WEB });
    const found = files.flatMap((file) => {
      const text = readFileSync(join(WEB, file), 'utf8');
      // In quotes of any kind, or as the whole text of an element.
      const lines = [...text.matchAll(/(["'`])(?<line>sluice (?:(?!\1).)*)\1|>(?<text>sluice [^<]*)</g)].map(
        ({ groups }) => groups!.line ?? groups!.text!,
      );
      return lines.map((line) => ({
        file,
        line: line.replaceAll(/\$?\{[^}]*\}/g, 'x').replaceAll(/<[^>]*>|&lt;.*?&gt;/g, 'x'),
      }));
    });
    expect(found.length).toBeGreaterThan(20);
    const wrong = found.flatMap(({ file, line }) => {
      const why = refusal(line);
      return why === null ? [] : [`${file}: ${line}: ${why}`];
    });
    expect(wrong).toEqual([]);
  });

  it('are refused where they are none', () => {
    expect(refusal('sluice runz')).toBe("there is no command 'runz'");
    expect(refusal('sluice runs --wher "x = 1"')).toBe('runs has no option --wher');
    expect(refusal('sluice runs --limit many')).toContain('give a whole number');
    expect(refusal('sluice runs --state tired')).toContain('--state');
    expect(refusal('sluice runs one two')).toBe('runs is given 2 arguments');
    expect(refusal('sluice eval')).toBe('eval is a group');
  });

  it('hold together whatever is in them', () => {
    const words = ['it\'s "$5"!', 'a b', '`x`', '', '-1', 'a\\b'];
    expect(
      wordsOf(commandLine(...words).replaceAll("'\\''", '\u0001')).map((word) => word.replaceAll('\u0001', "'")),
    ).toEqual(['sluice', ...words]);
  });
});
