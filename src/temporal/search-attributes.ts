/**
 * Search attributes: what runs can be found by in the Temporal UI. A server knows only registered ones and refuses a
 * start that sets another, so a worker registers what is missing, or names the command that does.
 */
import type { Connection } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';
import { ATTRIBUTES } from '../model/run-messages.ts';

export const SEARCH_ATTRIBUTE_TYPES: { readonly [name: string]: 'Keyword' | 'KeywordList' | 'Double' } = {
  [ATTRIBUTES.pipeline]: 'Keyword',
  [ATTRIBUTES.plan]: 'Keyword',
  [ATTRIBUTES.outcome]: 'Keyword',
  [ATTRIBUTES.unit]: 'Keyword',
  [ATTRIBUTES.experiments]: 'KeywordList',
  [ATTRIBUTES.arms]: 'KeywordList',
  [ATTRIBUTES.score]: 'Double',
  [ATTRIBUTES.costUsd]: 'Double',
};

/** The numbers of `temporal.api.enums.v1.IndexedValueType`. */
const TYPE_NUMBERS = { Keyword: 2, Double: 4, KeywordList: 7 } as const;

/**
 * Registers what the namespace lacks.
 *
 * @throws SluiceError `search_attributes_missing`, with the command to give, where this client may not register.
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const listed = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTE_TYPES).filter(([name]) => !(name in (listed.customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, TYPE_NUMBERS[type]])),
    });
  } catch (cause) {
    const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
    throw new SluiceError('search_attributes_missing', {
      message: `namespace '${namespace}' lacks search attributes, and they could not be registered: ${String(cause)}`,
      remedy: `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      data: { missing: missing.map(([name]) => name) },
      cause,
    });
  }
}
