/** What a reranker must offer: how well each of some texts answers a query, on a scale of its own. */
import type { ProviderCall, Reply } from '../model/provider-call.ts';

export interface RerankRequest {
  readonly query: string;
  /** At most 100: a passage list's length. */
  readonly documents: readonly { readonly text: string; readonly title?: string }[];
  /** The most results that are wanted. */
  readonly topN: number;
}

export interface RerankReply extends Reply {
  /** Best first; `index` is the document's place in the request, each at most once. */
  readonly results: readonly { readonly index: number; readonly score: number }[];
}

export interface Reranker {
  /** `cohere/rerank-v3.5`. */
  readonly name: string;
  /** @throws StepFailure as `LanguageModel.writeText` */
  rerank(request: RerankRequest, call: ProviderCall): Promise<RerankReply>;
}
