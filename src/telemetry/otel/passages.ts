/** Steps that find or rank passages, known by what they were given and what they gave, and passages as attributes. */
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_RETRIEVAL_DOCUMENTS,
  ATTR_GEN_AI_RETRIEVAL_QUERY_TEXT,
  GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL,
} from '@opentelemetry/semantic-conventions/incubating';
import type { TraceNode } from '../trace.ts';
import { asJson, cutText, isObject, type JsonObject, numberIn, objectsIn, textIn } from './content.ts';
import type { Attributes } from './span-data.ts';

/** Of a list; it may be 100 long. */
const [MOST_DOCUMENTS, DOCUMENT_CHARACTERS] = [50, 2_000];

/** Under OpenInference's names for a list: `retrieval.documents.0.document.id`. */
export function documents(prefix: string, given: readonly JsonObject[]): Attributes {
  const named = given.slice(0, MOST_DOCUMENTS).flatMap(({ id, text, score, title, url }, place) => {
    const about = { ...(title !== undefined && { title }), ...(url !== undefined && { url }) };
    return [
      ['id', textIn(id)],
      ['content', textIn(text) === undefined ? undefined : cutText(textIn(text)!, DOCUMENT_CHARACTERS)],
      ['score', numberIn(score)],
      ['metadata', Object.keys(about).length === 0 ? undefined : asJson(about)],
    ].map(([field, value]) => [`${prefix}.${place}.document.${field}`, value] as const);
  });
  return Object.fromEntries(named);
}

/** What kind of span a step is, and what is said of one that finds or ranks. */
export function stepAttributes({ input, output }: TraceNode, hasContent: boolean): Attributes {
  const found = passagesIn(output);
  const asked = 'value' in input && isObject(input.value) ? queryIn(input.value) : undefined;
  if (found === undefined || asked === undefined) return { 'openinference.span.kind': 'CHAIN' };
  const given = passagesIn(input);
  if (given !== undefined)
    return {
      'openinference.span.kind': 'RERANKER',
      ...(hasContent && {
        'reranker.query': cutText(asked),
        ...documents('reranker.input_documents', given),
        ...documents('reranker.output_documents', found),
      }),
    };
  const ranks = found.map(({ id, score }) => ({ id: String(id), score: numberIn(score) ?? null }));
  return {
    [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL,
    [ATTR_GEN_AI_RETRIEVAL_DOCUMENTS]: asJson(ranks.slice(0, MOST_DOCUMENTS)),
    'openinference.span.kind': 'RETRIEVER',
    ...(hasContent && {
      [ATTR_GEN_AI_RETRIEVAL_QUERY_TEXT]: cutText(asked),
      ...documents('retrieval.documents', found),
    }),
  };
}

function passagesIn(shown: TraceNode['output']): readonly JsonObject[] | undefined {
  if (!('value' in shown) || !isObject(shown.value) || !Array.isArray(shown.value.passages)) return undefined;
  return objectsIn(shown.value.passages);
}

function queryIn({ query, queries }: JsonObject): string | undefined {
  if (typeof query === 'string') return query;
  return Array.isArray(queries) ? queries.map(String).join('\n') : undefined;
}
