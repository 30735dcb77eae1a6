/**
 * What a served embedding model must offer: vectors of one length for texts. Which of the two kinds a text is matters to
 * some models. (`src/embedding` joins this with models that are fitted here.)
 */
import type { ProviderCall, Reply } from '../model/provider-call.ts';

export interface EmbedRequest {
  readonly texts: readonly string[];
  readonly as: 'passage' | 'query';
}

/** How long one call may take: a search from the command line and an ingest have no limit of their own. */
export const EMBED_LIMIT_MS = Object.freeze({ query: 20_000, passage: 60_000 });

export interface EmbedReply extends Reply {
  /** In the order of the texts. */
  readonly vectors: readonly Float32Array[];
}

export interface TextEmbedder {
  /** `openai/text-embedding-3-small`. */
  readonly name: string;
  readonly dimensions: number;
  /** Texts that one call may hold. */
  readonly batch: number;
  /** @throws StepFailure as `LanguageModel.writeText`; `timeout` at `EMBED_LIMIT_MS` */
  embed(request: EmbedRequest, call: ProviderCall): Promise<EmbedReply>;
}
