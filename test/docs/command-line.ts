/** Whether the program has a command line that a document names. */
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

const program = createProgram({ stdout: process.stdout } as never);

/** Why the program does not take the words after `sluice`; undefined where it does. */
export function refusalOf(line: string, isWhole = true): string | undefined {
  const words = wordsOf(line);
  let command: Command = program;
  while (command.commands.length > 0 && words.length > 0) {
    const inner = command.commands.find((each) => each.name() === words[0]);
    if (inner === undefined) break;
    command = inner;
    words.shift();
  }
  if (command === program) return `there is no command '${words[0]}'`;
  const given: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--help') return undefined;
    if (!word.startsWith('-')) {
      given.push(word);
      continue;
    }
    const option = command.options.find(({ long, short }) => long === word || short === word);
    if (option === undefined) return `'${command.name()}' has no option ${word}`;
    const hasValue = option.required || (option.optional && words[0] !== undefined && !words[0].startsWith('-'));
    const value = hasValue ? words.shift() : undefined;
    if (value === undefined && option.required && isWhole) return `${word} has no value`;
    if (value !== undefined && option.argChoices !== undefined && !option.argChoices.includes(value))
      return `${word} is never ${value}`;
  }
  if (!isWhole) return undefined;
  const takes = command.registeredArguments;
  const most = takes.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : takes.length;
  if (!Reflect.get(command, '_actionHandler')) return `'${command.name()}' is a group`;
  const isFit = given.length >= takes.filter(({ required }) => required).length && given.length <= most;
  return isFit ? undefined : `'${command.name()}' is given ${given.length} arguments`;
}

/** As a shell takes a line apart, without its comment. */
function wordsOf(line: string): string[] {
  const parts = line.replace(/\s#\s.*$/, '').match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return parts.map((part) => part.replaceAll(/["']/g, ''));
}
