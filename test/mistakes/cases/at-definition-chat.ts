/**
 * What the compiler cannot see of `chat`: refused when the module is loaded. Each function makes one mistake; under it
 * stand the words of the error and its remedy.
 */
import { z } from 'zod';
import { definePipeline } from '../../../src/index.ts';
import { judge, keywordSearch, Passages, Question } from '../../dsl/example.ts';

const chat = () => ({ question: '', userId: '' });

export const aPipelineThatAnswersNothing = () =>
  definePipeline('finder', Question, { chat })
    .step('keyword', keywordSearch, ({ input }) => ({ query: input.question }))
    .output(Passages, ({ keyword }) => ({ passages: keyword.passages }));
//! DefinitionError: pipeline 'finder' declares chat, and its output has no text to answer with
//! → wire a step's text to the output's field 'text', or to its one field that is a string; or remove chat

export const twoTextsNeitherOfWhichIsTheAnswer = () =>
  definePipeline('judged', Question, { chat })
    .step('judged', judge, ({ input }) => ({ answer: input.question, passages: [] }))
    .output(z.object({ asked: z.string(), said: z.string() }), ({ input, judged }) => ({
      asked: input.question,
      said: judged.feedback,
    }));
//! DefinitionError: pipeline 'judged' declares chat, and its output has no text to answer with
//! → wire a step's text to the output's field 'text', or to its one field that is a string; or remove chat

export const aTextThatNoStepWrote = () =>
  definePipeline('echo', Question, { chat })
    .step('judged', judge, ({ input }) => ({ answer: input.question, passages: [] }))
    .output(z.object({ text: z.string() }), ({ input }) => ({ text: input.question }));
//! DefinitionError: pipeline 'echo' declares chat, and its output has no text to answer with
//! → wire a step's text to the output's field 'text', or to its one field that is a string; or remove chat

export const aChatThatIsNoFunction = () => definePipeline('p', Question, { chat: 'yes' } as never);
//! DefinitionError: pipeline 'p': chat is 'yes'
//! → write a function: ({ messages, user }) => input

export const aMisspeltOption = () => definePipeline('p', Question, { chatt: chat } as never);
//! DefinitionError: pipeline 'p': options has no 'chatt'
//! → did you mean 'chat'?

export const optionsThatAreAFunction = () => definePipeline('p', Question, chat as never);
//! DefinitionError: pipeline 'p': options is a function
//! → write an object: { key: value }
