/** Every pipeline of this project, by the names it can be run under, and every dataset. */
import { deep, docsBot, hyde, keywordOnly, listwise, local, narrow, vectorOnly } from './docs-bot.ts';
import { aiDocs } from './questions.ts';
import { wandbot, wandbotLocal } from './wandbot.ts';

export const pipelines = [docsBot, local, hyde, listwise, narrow, deep, vectorOnly, keywordOnly, wandbot, wandbotLocal];

export const datasets = [aiDocs];
