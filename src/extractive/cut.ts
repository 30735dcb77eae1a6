/** Text that others wrote, as far as it is shown. */

/** The text, or its beginning and an ellipsis. */
export const cut = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, characters).toWellFormed()}…`;
