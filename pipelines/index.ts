/** Every pipeline of this project, by the names it can be run under, every dataset, evaluation, experiment and monitor. */

import { answers, beforeRelease, localKeyword } from './docs-bot.evaluations.ts';
import { hydeOnline, rerankOnline } from './docs-bot.experiments.ts';
import { supportedLive } from './docs-bot.monitors.ts';
import { deep, docsBot, hyde, keywordOnly, listwise, local, narrow, ownServer, vectorOnly } from './docs-bot.ts';
import { retrieval } from './docs-search.evaluations.ts';
import { searchOnline } from './docs-search.experiments.ts';
import { docsSearch, hybrid } from './docs-search.ts';
import { aiDocs } from './questions.ts';
import { wandbot, wandbotLocal } from './wandbot.ts';

export const pipelines = [
  docsBot,
  local,
  localKeyword,
  ownServer,
  hyde,
  listwise,
  narrow,
  deep,
  vectorOnly,
  keywordOnly,
  docsSearch,
  hybrid,
  wandbot,
  wandbotLocal,
];

export const datasets = [aiDocs];

export const evaluations = [retrieval, answers, beforeRelease];

export const experiments = [rerankOnline, hydeOnline, searchOnline];

export const monitors = [supportedLive];
