/** Every pipeline of this project, by the names it can be run under. */
import { deep, docsBot, hyde, keywordOnly, listwise, local, narrow, vectorOnly } from './docs-bot.ts';
import { wandbot, wandbotLocal } from './wandbot.ts';

export const pipelines = [docsBot, local, hyde, listwise, narrow, deep, vectorOnly, keywordOnly, wandbot, wandbotLocal];
