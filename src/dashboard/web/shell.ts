/** Words of a command line, as a shell takes them. */

const PLAIN = /^[\w@%+=:,./-]+$/;
/** What a shell reads within double quotes. */
const READ = /["$`\\!\r\n]/;

function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  return READ.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`;
}

export const commandLine = (...words: readonly string[]): string => ['sluice', ...words].map(shellWord).join(' ');
