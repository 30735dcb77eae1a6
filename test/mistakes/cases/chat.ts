/**
 * Mistakes in `chat`, as the compiler tells them: it makes the pipeline's input, of a conversation. Under each stand the
 * compiler's words, after `//!`; the test compares them.
 */
import { definePipeline } from '../../../src/index.ts';
import { Question } from '../../dsl/example.ts';

// A field of the input is missing.
definePipeline('p', Question, { chat: ({ messages }) => ({ question: messages[0]!.content }) });
//! TS2741 Property 'userId' is missing in type '{ question: string; }' but required in type '{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }'.

// The wrong kind of value.
definePipeline('p', Question, { chat: ({ messages, user = '' }) => ({ question: messages, userId: user }) });
//! TS2322 Type 'readonly ChatMessage[]' is not assignable to type 'string'.

// What the caller may leave out, where the input needs it.
definePipeline('p', Question, { chat: ({ user }) => ({ question: '', userId: user }) });
//! TS2322 Type 'string | undefined' is not assignable to type 'string'.
//!   Type 'undefined' is not assignable to type 'string'.

// A key that the input does not have.
definePipeline('p', Question, { chat: () => ({ question: '', userId: '', tone: 'kind' }) });
//! TS2322 Type '{ question: string; userId: string; tone: string; }' is not assignable to type '{ question: string; userId: string; tone: string; } & WiringError<"'chat' has no input 'tone'">'.
//!   Property 'wiringError' is missing in type '{ question: string; userId: string; tone: string; }' but required in type 'WiringError<"'chat' has no input 'tone'">'.

// Roles that histories of this pipeline do not have.
definePipeline('p', Question, {
  chat: ({ messages }) => ({ question: '', userId: '', history: messages.map(({ role, content }) => ({ role, text: content })) }),
  //! TS2322 Type '{ role: "assistant" | "developer" | "system" | "tool" | "user"; text: string; }[]' is not assignable to type '{ role: "assistant" | "user"; text: string; }[]'.
  //!   Type '{ role: "assistant" | "developer" | "system" | "tool" | "user"; text: string; }' is not assignable to type '{ role: "assistant" | "user"; text: string; }'.
  //!     Types of property 'role' are incompatible.
  //!       Type '"assistant" | "developer" | "system" | "tool" | "user"' is not assignable to type '"assistant" | "user"'.
  //!         Type '"developer"' is not assignable to type '"assistant" | "user"'.
});

// A misspelt field of the request.
definePipeline('p', Question, { chat: ({ message }) => ({ question: message, userId: '' }) });
//! TS2339 Property 'message' does not exist on type 'ChatRequest'.

// It waits for something.
definePipeline('p', Question, { chat: async () => ({ question: '', userId: '' }) });
//! TS2739 Type 'Promise<{ question: string; userId: string; }>' is missing the following properties from type '{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }': question, userId

// A misspelt option.
definePipeline('p', Question, { chats: () => ({ question: '', userId: '' }) });
//! TS2561 Object literal may only specify known properties, but 'chats' does not exist in type 'PipelineOptions<NoInfer<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>, { question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>'. Did you mean to write 'chat'?
