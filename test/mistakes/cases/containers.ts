/**
 * Mistakes in repeats, branches, maps and used pipelines, as the compiler tells them.
 */
import { Feedback, judge, keywordSearch, Passages, relatedPages, rerank } from '../../dsl/example.ts';
import { base } from '../setup.ts';

const loop = { max: 2, carry: Feedback, start: { feedback: '' }, whenExhausted: 'fail' } as const;
const limits = { max: 2, concurrency: 1, whenOver: 'fail' } as const;

// A loop that ends on something that is no boolean.
base.repeat('answer', loop, (round) =>
  round
    .step('check', judge, ({ understood }) => ({ answer: understood.standalone, passages: [] }))
    .until(({ check }) => check.score, ({ check }) => ({ feedback: check.feedback })),
    //! TS2322 Type 'Value<number>' is not assignable to type 'Value<boolean>'.
    //!   Type 'number' is not assignable to type 'boolean'.
);

// The wrong carry.
base.repeat('answer', loop, (round) =>
  round
    .step('check', judge, ({ understood }) => ({ answer: understood.standalone, passages: [] }))
    .until(({ check }) => check.passed, ({ check }) => ({ feedbak: check.feedback })),
    //! TS2741 Property 'feedback' is missing in type '{ feedbak: Value<string>; }' but required in type 'Inputs<"carry", { feedback: string; }>'.
);

// A start that is no carry.
base.repeat('answer', { ...loop, start: {} }, (round) =>
  //! TS2741 Property 'feedback' is missing in type '{}' but required in type '{ feedback: string; }'.
  round.until(({ understood }) => understood.answerable, () => ({ feedback: '' })),
);

// A round without its end.
base.repeat('answer', loop, (round) => round.step('check', judge, ({ understood }) => ({ answer: understood.standalone, passages: [] })));
//! TS2741 Property '"a repeat's body ends with .until(done, carry)"' is missing in type 'Chain<Within<{ id: "p"; input: { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }; extra: Nothing; result: never; }, { readonly carry: Value<{ feedback: string; }> & { ...; }; }, { ...; }>, Record<...> & Record<...>, Record<...> & ... 1 more ... & Record<...>>' but required in type 'Round<unknown, unknown>'.

// An arm that ends like a round.
base.branch('reply', Feedback, ({ understood }) => understood.answerable,
  (arm) => arm.until(({ understood }) => understood.answerable, () => ({ feedback: '' })),
  //! TS2741 Property '"an arm or a map's body ends with .yield(wire)"' is missing in type 'Round<Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Record<"understood", Placed<{ question: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, { ...; }, { ...; }, "read", Scope<...>>> & Record<...>>' but required in type 'Part<unknown>'.
  (arm) => arm.yield(() => ({ feedback: '' })),
);

// carry outside of a loop.
base.step('keyword', keywordSearch, ({ carry }) => ({ query: carry.feedback }));
//! TS2339 Property 'carry' does not exist on type 'Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Nothing>'.

// An arm that yields another kind.
base.branch('reply', Feedback, ({ understood }) => understood.answerable,
  (arm) => arm.yield(({ understood }) => ({ feedback: understood.queries })),
  //! TS2322 Type 'Value<string[]>' is not assignable to type 'Wire<string>'.
  //!   Type 'Value<string[]>' is not assignable to type 'Value<string>'.
  //!     Type 'string[]' is not assignable to type 'string'.
  (arm) => arm.yield(() => ({ feedback: '' })),
);

// An arm that yields more.
base.branch('reply', Feedback, ({ understood }) => understood.answerable,
  (arm) => arm.yield(() => ({ feedback: '', more: 1 })),
  //! TS2322 Type '{ feedback: string; more: number; }' is not assignable to type '{ feedback: string; more: number; } & WiringError<"'yield' has no input 'more'">'.
  //!   Property 'wiringError' is missing in type '{ feedback: string; more: number; }' but required in type 'WiringError<"'yield' has no input 'more'">'.
  (arm) => arm.yield(() => ({ feedback: '' })),
);

// A branch on a list.
base.branch('reply', Feedback, ({ understood }) => understood.queries, (arm) => arm.yield(() => ({ feedback: '' })), (arm) => arm.yield(() => ({ feedback: '' })));
//! TS2322 Type 'Value<string[]>' is not assignable to type 'Value<boolean>'.
//!   Type 'string[]' is not assignable to type 'boolean'.

// A node of an arm, read outside.
base
  .branch('reply', Feedback, ({ understood }) => understood.answerable,
    (arm) => arm.step('hits', keywordSearch, ({ understood }) => ({ query: understood.standalone })).yield(() => ({ feedback: '' })),
    (arm) => arm.yield(() => ({ feedback: '' })),
  )
  .step('ranked', rerank, ({ understood, hits }) => ({ query: understood.standalone, passages: hits.passages }));
  //! TS2339 Property 'hits' does not exist on type 'Scope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }> & Record<...>, Nothing>'.

// A map over something that is no list.
base.map('vector', Passages, ({ understood }) => understood.standalone, limits, (each) => each.yield(() => ({ passages: [] })));
//! TS2322 Type 'Value<string>' is not assignable to type 'Value<readonly unknown[]>'.
//!   Type 'string' is not assignable to type 'readonly unknown[]'.

// A map without its limits.
base.map('vector', Passages, ({ understood }) => understood.queries, { max: 2 }, (each) => each.yield(() => ({ passages: [] })));
//! TS2345 Argument of type '{ max: number; }' is not assignable to parameter of type 'MapSettings & { readonly whenOver: WhenOver; }'.
//!   Property 'concurrency' is missing in type '{ max: number; }' but required in type 'MapSettings'.

// The attempts of a loop: they are its rounds.
base
  .repeat('answer', loop, (round) => round.until(({ understood }) => understood.answerable, () => ({ feedback: '' })))
  .output(Feedback, ({ answer }) => ({ feedback: answer.attempts }));
  //! TS2339 Property 'attempts' does not exist on type 'Value<Omit<Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, "understood"> & { rounds: number; }> & { readonly rounds: Value<number>; }'.

// A used pipeline that is not given its input.
base.use('related', relatedPages, ({ understood }) => ({ topic: understood.standalone }));
//! TS2741 Property 'about' is missing in type '{ topic: Value<string>; }' but required in type 'Inputs<"related", { about: string; }>'.

// A chain where a pipeline is wanted.
base.use('related', base, ({ understood }) => ({ about: understood.standalone }));
//! TS2740 Type 'Chain<{ id: "p"; input: { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }; extra: Nothing; result: never; }, Record<"understood", { standalone: string; queries: string[]; answerable: boolean; }>, Record<...>>' is missing the following properties from type 'Pipeline<string, unknown, unknown, unknown, unknown>': id, [TYPES], variant, input, and 2 more.
