/** Models by name, as steps ask for them: `providers.languageModel('openai/gpt-5-mini')`. */
import type { LanguageModel } from './language-model.ts';
import type { Reranker } from './reranker.ts';
import type { TextEmbedder } from './text-embedder.ts';

export interface Providers {
  /** @throws StepFailure `model_unknown` where the name is none, `key_missing` naming the variable to set */
  languageModel(name: string): LanguageModel;
  reranker(name: string): Reranker;
  embedder(name: string): TextEmbedder;
}
