/**
 * Makes a question searchable: by one structured call to a model, or by rules. The conversation goes to the model as the
 * messages that it was, each in its own role, and the question last.
 */
import { z } from 'zod';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import { clipQuery, distinctQueries, enhanceByRules } from '../extractive/enhance-by-rules.ts';
import type { ConfigOf, InputOf, OutputOf } from '../index.ts';
import type { Providers } from '../models/providers.ts';
import { callOf, isLocal, recentTurns, replyLimits } from './model-input.ts';
import { enhanceQuery, hydeQuery } from './model-steps.ts';
import { fillPrompt } from './prompts.ts';

type Input = InputOf<typeof enhanceQuery>;
type Enhanced = OutputOf<typeof enhanceQuery>;
type Context = StepContext<ConfigOf<typeof enhanceQuery>>;

/** What a reply may bring beyond what is kept is left out: a model that gives a sixth keyword has done its work. */
const MOST = Object.freeze({ intents: 5, keywords: 12, subQueries: 5, searchQueries: 5, characters: 10_000 });
const PASSAGE_CHARACTERS = 1_000;
const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i;

export function createEnhanceSteps(providers: Providers): readonly Implemented[] {
  return [
    implement(enhanceQuery, async (asked, context) =>
      isLocal(context.config.model) ? byRules(asked, context) : byModel(providers, asked, context, replyOf(context)),
    ),
    implement(hydeQuery, async (asked, context) => {
      if (isLocal(context.config.model)) return { ...byRules(asked, context), passage: '' };
      const shape = replyOf(context).extend({ passage: z.string() });
      let passage = '';
      const enhanced = await byModel(providers, asked, context, shape, (reply) => {
        passage = reply.passage.trim().slice(0, PASSAGE_CHARACTERS);
        return [passage];
      });
      return { ...enhanced, passage };
    }),
  ];
}

function byRules({ question, history }: Input, { config }: Context): Enhanced {
  const { standalone, language, keywords, parts, queries } = enhanceByRules(question, history);
  return {
    standalone,
    language,
    intents: [],
    keywords: [...keywords],
    subQueries: parts.slice(0, MOST.subQueries),
    searchQueries: [],
    queries: queries.slice(0, config.maxQueries),
    answerable: true,
  };
}

function replyOf({ config }: Context) {
  const labels = Object.keys(config.intents);
  return z.object({
    standalone: z.string(),
    language: z.string(),
    intents: z.array(labels.length > 0 ? z.enum(labels) : z.string()),
    keywords: z.array(z.string()),
    subQueries: z.array(z.string()),
    searchQueries: z.array(z.string()),
    answerable: z.boolean(),
  });
}

type Reply = z.output<ReturnType<typeof replyOf>>;

/** @param moreQueries what else of the reply is searched for, after the question itself */
async function byModel<R extends Reply>(
  providers: Providers,
  { question, history = [] }: Input,
  context: Context,
  schema: z.ZodType<R>,
  moreQueries: (reply: R) => readonly string[] = () => [],
): Promise<Enhanced> {
  const { config } = context;
  const model = providers.languageModel(config.model);
  const asked = question.trim();
  const messages = [
    { role: 'system', content: systemPrompt(config) },
    ...recentTurns(history, config.historyTokens, model),
    { role: 'user', content: asked },
  ] as const;
  const { data } = await model.writeData(
    { messages, ...replyLimits(config) },
    { name: 'searches', schema },
    callOf(context),
  );
  const list = (texts: readonly string[], most: number) => texts.map(clean).filter(Boolean).slice(0, most);
  // Without a conversation there is nothing to put in: a rewording could only lose something.
  const standalone = history.length === 0 ? asked : clean(data.standalone) || asked;
  const keywords = list(data.keywords, MOST.keywords);
  const subQueries = list(data.subQueries, MOST.subQueries);
  const searchQueries = list(data.searchQueries, MOST.searchQueries);
  // What no documentation answers is searched for as it is, if at all.
  const others = data.answerable ? [...moreQueries(data), ...searchQueries, ...subQueries, ...keywords] : [];
  return {
    standalone,
    language: LANGUAGE.test(data.language) && data.language.length <= 35 ? data.language.toLowerCase() : 'und',
    intents: [...new Set(data.intents)].slice(0, MOST.intents),
    keywords,
    subQueries,
    searchQueries,
    queries: distinctQueries([standalone, ...others].map(clipQuery)).slice(0, config.maxQueries),
    answerable: data.answerable,
  };
}

function systemPrompt({ prompt, subject, documentsLanguage, intents }: Context['config']): string {
  const labels = Object.entries(intents).map(([label, meaning]) => `- ${label}: ${meaning}`);
  return fillPrompt(prompt, { subject, documentsLanguage, intents: labels.join('\n') });
}

const clean = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, MOST.characters).toWellFormed();
