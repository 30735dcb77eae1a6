/**
 * What the compiler cannot see, or callers without types send: refused when the module is loaded. Each function makes
 * one mistake; under it stand the words of the error and its remedy.
 */
import { z } from 'zod';
import { defineDataset, defineStep } from '../../../src/index.ts';
import { keywordSearch, Passages, rawQuestion, rerank, supportBot, understand, wide } from '../../dsl/example.ts';
import { base } from '../setup.ts';

type Untyped = Record<string, Record<string, unknown>>;

export const computingWithARef = () =>
  base.step('keyword', keywordSearch, ({ understood }) => ({ query: `${understood.standalone}!` }));
//! DefinitionError: 'understood.standalone' has no value at definition: pass it, do not compute with it
//! → write a step that computes, and wire the ref into it

export const anExtraKeyInANestedLiteral = () =>
  base.step('ranked', rerank, ({ understood }) => ({
    query: understood.standalone,
    passages: [{ id: 'a', text: understood.standalone, score: 1, page: 3 }],
  }));
//! DefinitionError: node 'ranked', 'passages'[0] has no input 'page'
//! → there is 'id', 'text', 'score'

export const aMisspeltField = () =>
  base.step('keyword', keywordSearch, (({ understood }: Untyped) => ({ query: understood?.standalon })) as never);
//! DefinitionError: node 'keyword', 'query' is undefined
//! → is a field misspelt? leave out what is not there

export const aNodeThatIsNotThere = () =>
  base.step('keyword', keywordSearch, (({ fused }: Untyped) => ({ query: fused!.text })) as never);
//! DefinitionError: node 'keyword' cannot be wired: Cannot read properties of undefined (reading 'text')
//! → in scope are input, understood

export const aMissingInput = () => base.step('ranked', rerank, (() => ({ query: '' })) as never);
//! DefinitionError: node 'ranked' is not wired to supply 'passages'
//! → wire 'passages' to a ref or a literal

export const anExtraKey = () => base.step('keyword', keywordSearch, (() => ({ query: '', topk: 3 })) as never);
//! DefinitionError: node 'keyword' has no input 'topk'
//! → there is 'query'

export const anIdTwice = () =>
  base.step('understood' as never, understand, ({ input }) => ({ question: input.question }) as never);
//! DefinitionError: node 'understood' already exists
//! → ids are unique over the whole pipeline: choose another

export const aConfigThatItsSchemaRefuses = () =>
  base.step('keyword', keywordSearch, () => ({ query: '' }), { topK: 'many' } as never);
//! DefinitionError: node 'keyword': ✖ Invalid input: expected number, received string
//!   → at topK
//! → give a value that fits the schema

export const aMisspeltConfigKey = () => base.step('keyword', keywordSearch, () => ({ query: '' }), { topk: 3 } as never);
//! DefinitionError: node 'keyword': the config of 'keywordSearch@3' has no 'topk'
//! → did you mean 'topK'?

export const aLocalLaneWithAHeartbeat = () =>
  supportBot.variant('v', (edit) => edit.options('fused', { heartbeat: '1 second' }));
//! DefinitionError: node 'fused': lane 'local' has neither heartbeat nor taskQueue
//! → remove them, or use lane 'activity'

export const twoEditsOfOneFacet = () =>
  supportBot.variant('v', (edit) => edit.configure('ranked', { topN: 3 }).configure('ranked', { topN: 4 }));
//! DefinitionError: 'ranked' has its config edited twice
//! → write one edit for it: a swap sets the config too

export const twoVariantsThatEditOneNode = () =>
  supportBot.variant('v', (edit) => edit.include(wide).include(rawQuestion));
//! DefinitionError: 'ranked' is edited by 'wide' and by 'raw-question', and 'v' includes both
//! → include one of them, and write the edits of the other in 'v': own edits override included ones

export const tooManyRounds = () => supportBot.variant('v', (edit) => edit.options('answer', { max: 100 }));
//! DefinitionError: node 'answer': max is 100
//! → give a whole number from 1 to 20

export const aTimeoutAboveOneDay = () =>
  base.step('keyword', keywordSearch, () => ({ query: '' }), {}, { timeout: '2 days' });
//! DefinitionError: node 'keyword': timeout is '2 days'
//! → use from '1 ms' to '1 day'

const policy = { attempts: 1, timeout: '1 second' } as const;

export const aDateInASchema = () =>
  defineStep('dated', { version: 1, input: z.object({ at: z.array(z.date()) }), output: Passages, effect: 'none', policy });
//! DefinitionError: step 'dated': input.at[] uses z.date: JSON has no dates: use z.iso.datetime()
//! → describe plain JSON there

export const aCoercion = () =>
  defineStep('coerced', { version: 1, input: z.object({ count: z.coerce.number() }), output: Passages, effect: 'none', policy });
//! DefinitionError: step 'coerced': input.count uses z.coerce: it would accept what its JSON Schema refuses
//! → describe plain JSON there

export const anyInASchema = () =>
  defineStep('loose', { version: 1, input: z.object({ data: z.any() }), output: Passages, effect: 'none', policy });
//! DefinitionError: step 'loose': input.data uses z.any: it checks nothing
//! → describe plain JSON there

const open = { version: 1, input: z.object({}), output: Passages, policy };

export const noEffect = () => defineStep('openTicket', open as never);
//! DefinitionError: step 'openTicket' declares no effect
//! → use 'none' for pure computation, 'read' where it asks a model, a database or a service and changes nothing there, 'write' where it changes something there

export const anEffectThatWasRenamed = () => defineStep('openTicket', { ...open, effect: 'external' } as never);
//! DefinitionError: step 'openTicket': effect is 'external'
//! → use 'none' for pure computation, 'read' where it asks a model, a database or a service and changes nothing there, 'write' where it changes something there

export const aDryRunOfWhatOnlyReads = () =>
  defineStep('openTicket', { ...open, effect: 'read', dryRun: { passages: [] } } as never);
//! DefinitionError: step 'openTicket': dryRun is given, but its effect is 'read'
//! → remove it: only a step of effect 'write' is left out where runs are repeated or evaluated

export const aDatasetOfNoFile = () => defineDataset('questions', { input: z.object({ q: z.string() }), source: 'questions' });
//! DefinitionError: dataset 'questions': source is 'questions'
//! → give a path from the folder of pipelines/index.ts to a .jsonl or .csv file, such as 'datasets/questions.jsonl'

export const aDatasetWithAMisspeltKey = () =>
  defineDataset('questions', { input: z.object({ q: z.string() }), sources: 'questions.csv' } as never);
//! DefinitionError: dataset 'questions' has no 'sources'
//! → did you mean 'source'?

export const aDatasetOfNoSchema = () => defineDataset('questions', { input: z.string(), source: 'q.csv' } as never);
//! DefinitionError: dataset 'questions': input is no z.object({ ... })
//! → wrap it: z.object({ value: ... })

export const aDatasetThatExpectsADate = () =>
  defineDataset('questions', { input: z.object({ q: z.string() }), expected: z.object({ on: z.date() }), source: 'q.csv' });
//! DefinitionError: dataset 'questions': expected.on uses z.date: JSON has no dates: use z.iso.datetime()
//! → describe plain JSON there
