/**
 * `definePipeline`: the chain as authors hold it. Here the typed language meets the untyped drafts that do the work, so
 * this is the one file that tells the compiler what they come to.
 */
import { z } from 'zod';
import { freezeJson } from '../plan/json.ts';
import { type Json, PLAN_FORMAT, type Plan } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { FirstChain } from './chain.ts';
import { chatOf, checkAnswers, type PipelineOptions } from './chat.ts';
import {
  type Body,
  type Ended,
  endPart,
  endRound,
  type LoopSettings,
  type MapLimits,
  placeBranch,
  placeMap,
  placeRepeat,
} from './containers.ts';
import { type Draft, type DraftBody, emptyDraft, type WiringFunction } from './draft.ts';
import { checkFaithful } from './faithful.ts';
import { placeUse } from './inline.ts';
import { checkName, refuse, show } from './refuse.ts';
import { lowerObjectIn } from './scope.ts';
import type { Schema } from './shape.ts';
import type { AnyStep } from './step.ts';
import { placeStep, type StepOptions } from './step-node.ts';
import { stepsIn } from './steps.ts';
import { toPipeline } from './variant.ts';

/**
 * Begins a pipeline: a chain of named nodes, ended by `.output`.
 *
 * @param id letters, digits, '-' and '_'; what deployments, runs and the command line call it
 * @param input what it takes: a z.object of plain JSON
 * @param options `chat`: how its input is made of a conversation, for clients of OpenAI's protocol
 * @throws DefinitionError, here and from every call of the chain, naming the node and what is wrong with it
 *
 * @example
 * const askDocs = definePipeline('ask-docs', z.object({ question: z.string() }))
 *   .step('found', keywordSearch, ({ input }) => ({ query: input.question }), { topK: 20 })
 *   .step('draft', generate, ({ input, found }) => ({ question: input.question, passages: found.passages }))
 *   .output(z.object({ text: z.string() }), ({ draft }) => ({ text: draft.text }));
 */
export function definePipeline<const Id extends string, Input extends z.ZodObject, Made extends z.input<Input>>(
  id: Id,
  input: Input,
  options?: PipelineOptions<NoInfer<z.input<Input>>, Made>,
): FirstChain<Id, z.output<Input>> {
  checkName(id, 'a pipeline named');
  checkFaithful(input, `pipeline '${id}': input`);
  return chain(emptyDraft(id, input, chatOf(options ?? {}, `pipeline '${id}'`))) as unknown as FirstChain<
    Id,
    z.output<Input>
  >;
}

/** A body as its author writes it: a function of the chain inside, ending it. */
type WrittenBody = (inner: object) => unknown;

/** How bodies ended, by the objects that `until` and `yield` return. */
const ENDED = new WeakMap<object, Ended>();

function chain(draft: Draft): object {
  return Object.freeze({
    step: (id: string, step: AnyStep, wire: WiringFunction, config?: object, options?: StepOptions) =>
      chain(placeStep(draft, id, step, wire, config, options)),
    repeat: (id: string, loop: LoopSettings, body: WrittenBody) => chain(placeRepeat(draft, id, loop, bodyOf(body))),
    branch: (id: string, yields: Schema, when: WiringFunction, then: WrittenBody, otherwise: WrittenBody) =>
      chain(placeBranch(draft, id, yields, when, [bodyOf(then), bodyOf(otherwise)])),
    map: (id: string, yields: Schema, over: WiringFunction, limits: MapLimits, body: WrittenBody) =>
      chain(placeMap(draft, id, yields, over, limits, bodyOf(body))),
    use: (id: string, pipeline: unknown, wire: WiringFunction) => chain(placeUse(draft, id, pipeline, wire)),
    until: (done: WiringFunction, carry: WiringFunction) => ended(endRound(draft, done, carry)),
    yield: (wire: WiringFunction) => ended(endPart(draft, wire)),
    output: (schema: z.ZodObject, wire: WiringFunction) => toPipeline(planOf(draft, schema, wire)),
  });
}

function ended(how: Ended): object {
  const token = Object.freeze({});
  ENDED.set(token, how);
  return token;
}

/** Runs an author's body, and makes sure that it ended the draft it was given and no other. */
function bodyOf(written: WrittenBody): Body {
  return (inner) => {
    const { at, kind } = inner.body!;
    if (typeof written !== 'function')
      refuse('body_not_function', `${at} has ${show(written)} as its body`, 'give a function of a chain');
    const returned = written(chain(inner));
    const how = typeof returned === 'object' && returned !== null ? ENDED.get(returned) : undefined;
    return how && how.draft.body === inner.body
      ? how
      : refuse('body_not_ended', `${at}: ${ENDINGS[kind]}`, 'return what that call returns');
  };
}

const ENDINGS: { readonly [Kind in DraftBody['kind']]: string } = {
  round: "a repeat's body ends with .until(done, carry)",
  part: "an arm or a map's body ends with .yield(wire)",
};

function planOf(draft: Draft, output: z.ZodObject, wire: WiringFunction) {
  const { pipeline: id, input, chat, nodes, known, outputs, aliases } = draft;
  const at = `pipeline '${id}'`;
  if (draft.body) refuse('output_inside', `${draft.body.at}: ${ENDINGS[draft.body.kind]}`, '.output ends the pipeline');
  checkFaithful(output, `${at}: output`);
  if (nodes.length === 0) refuse('no_nodes', `${at} has no nodes`, 'add a step before .output');
  const plan: Plan = freezeJson({
    format: PLAN_FORMAT,
    pipeline: id,
    schemas: { input: jsonSchema(input, 'input'), output: jsonSchema(output, 'output') },
    nodes,
    output: lowerObjectIn(draft, wire, output, "'output'"),
  });
  const characters = JSON.stringify(plan).length;
  if (characters > LIMITS.planBytes)
    refuse('limit_exceeded', `${at} is ${characters} characters long as JSON`, `use at most ${LIMITS.planBytes}`);
  if (chat) checkAnswers(plan, at);
  return { id, input, output, plan, known, outputs, aliases, steps: stepsIn(known), ...(chat && { chat }) };
}

/** What may be sent (keys with defaults left out), or what is given (all of them there). */
function jsonSchema(schema: z.ZodObject, io: 'input' | 'output'): Json {
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io }))) as Json;
}
