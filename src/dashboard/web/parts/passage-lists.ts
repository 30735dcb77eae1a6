/** Passages in what steps give: as commands know them, too. */
export { citedIn, type Passage, type PassageList, passageLists } from '../../../passage-lists.ts';
