/** Every pipeline of this project, by the names it can be run under. */
import { deep, docsBot, keywordOnly, narrow, vectorOnly } from './docs-bot.ts';

export const pipelines = [docsBot, narrow, deep, vectorOnly, keywordOnly];
