/** Words of a command line, as a shell takes them. */

const PLAIN = /^[\w@%+=:,./-]+$/;
/** What a shell reads within double quotes. */
const READ = /["$`\\!\r\n]/;

function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  return READ.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`;
}

export const commandLine = (...words: readonly string[]): string => ['sluice', ...words].map(shellWord).join(' ');

/**
 * A command line that ends with names that anybody may have given: one that begins with a dash is no option after `--`.
 * That holds for commands all of whose groups take options by place, as `runs views` does.
 */
export const commandLineOf = (words: readonly string[], ...names: readonly string[]): string =>
  commandLine(...words, ...(names.some((name) => name.startsWith('-')) ? ['--'] : []), ...names);
