/**
 * Mistakes in ids, as the compiler tells them.
 */
import { z } from 'zod';
import { definePipeline } from '../../../src/index.ts';
import { Feedback, keywordSearch, Question, relatedPages, understand } from '../../dsl/example.ts';
import { base } from '../setup.ts';

// An id twice.
base.step('understood', understand, ({ input }) => ({ question: input.question }));
//! TS2345 Argument of type '"understood"' is not assignable to parameter of type '"understood" & WiringError<"node 'understood' already exists">'.
//!   Type 'string' is not assignable to type 'WiringError<"node 'understood' already exists">'.

// An id within a loop that exists outside.
base.repeat('answer', { max: 2, carry: Feedback, start: { feedback: '' }, whenExhausted: 'fail' }, (round) =>
  round
    .step('understood', understand, ({ input }) => ({ question: input.question }))
    //! TS2345 Argument of type '"understood"' is not assignable to parameter of type '"understood" & WiringError<"node 'understood' already exists">'.
    //!   Type 'string' is not assignable to type 'WiringError<"node 'understood' already exists">'.
    .until(({ understood }) => understood.answerable, () => ({ feedback: '' })),
);

// An id outside that exists within a map.
base
  .map('each', z.string(), ({ understood }) => understood.queries, { max: 2, concurrency: 1, whenOver: 'fail' }, (each) =>
    each.step('hits', keywordSearch, ({ item }) => ({ query: item })).yield(({ item }) => item),
  )
  .step('hits', keywordSearch, ({ input }) => ({ query: input.question }));
//! TS2345 Argument of type '"hits"' is not assignable to parameter of type '"hits" & WiringError<"node 'hits' already exists">'.
//!   Type 'string' is not assignable to type 'WiringError<"node 'hits' already exists">'.

// The id of a use.
base
  .use('related', relatedPages, ({ input }) => ({ about: input.question }))
  .step('related', keywordSearch, ({ input }) => ({ query: input.question }));
//! TS2345 Argument of type '"related"' is not assignable to parameter of type '"related" & WiringError<"node 'related' already exists">'.
//!   Type 'string' is not assignable to type 'WiringError<"node 'related' already exists">'.

// A word of the language.
definePipeline('p', Question).step('input', understand, ({ input }) => ({ question: input.question }));
//! TS2345 Argument of type '"input"' is not assignable to parameter of type '"input" & WiringError<"'input' is a word of the language, so no node can have it as its id">'.
//!   Type 'string' is not assignable to type 'WiringError<"'input' is a word of the language, so no node can have it as its id">'.

// A separator.
definePipeline('p', Question).step('search/enhance', understand, ({ input }) => ({ question: input.question }));
//! TS2345 Argument of type '"search/enhance"' is not assignable to parameter of type '"search/enhance" & WiringError<"node id 'search/enhance' may hold only letters, digits, '-' and '_'">'.
//!   Type 'string' is not assignable to type 'WiringError<"node id 'search/enhance' may hold only letters, digits, '-' and '_'">'.
