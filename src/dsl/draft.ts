/**
 * A pipeline while it is being defined: what a chain knows so far, as one immutable value. Containers open a draft
 * within a draft; ids, steps and limits go through all of them, since they hold for the pipeline as a whole.
 */
import type { z } from 'zod';
import { suggest } from '../base/nearest.ts';
import { answerText } from '../plan/answer-text.ts';
import type { Plan, PlanNode, Wiring } from '../plan/plan.ts';
import { LIMITS, RESERVED_IDS } from '../plan/plan-limits.ts';
import type { AnyPipeline } from './edit.ts';
import { type NoExtra, refTo } from './ref.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import type { Schema } from './shape.ts';
import type { AnyStep, Policy } from './step.ts';

/** A wiring function without its types. */
export type WiringFunction = (scope: never) => unknown;

/** Lowers another wiring for a node in the scope it was first wired in: how `rewire` and `replace` see only that. */
type LowerThere = (wire: WiringFunction, schema: z.ZodObject, at: string) => Wiring;

/** What is known of each id, so that edits can be checked and made. */
export type Known = KnownStep | { readonly kind: 'repeat' | 'branch' | 'map' | 'use' };

export interface KnownStep {
  readonly kind: 'step';
  readonly step: AnyStep;
  readonly fallback?: AnyStep;
  readonly options: PlaceOptions;
  readonly lower: LowerThere;
}

/** The options that a place adds to its step's contract, as written. */
export type PlaceOptions = Partial<Policy> & { readonly lane?: 'activity' | 'local' };

export interface Draft {
  readonly pipeline: string;
  readonly input: z.ZodObject;
  /** How the input is made of a conversation. */
  readonly chat?: Chat;
  readonly nodes: readonly PlanNode[];
  /** Refs by their word: `input`, and the innermost `carry` or `item`. */
  readonly locals: { readonly [word: string]: object };
  /** The schema of every visible output, by id. */
  readonly outputs: { readonly [id: string]: Schema };
  /** What the id of a used pipeline stands for: its output's wiring. */
  readonly aliases: ReadonlyMap<string, Wiring>;
  /** Every id so far, also inside containers and in arms already closed. */
  readonly known: ReadonlyMap<string, Known>;
  /** Containers around this draft. */
  readonly depth: number;
  /** The container's body that this draft is; absent at the top. The same object throughout one body. */
  readonly body?: DraftBody;
}

export interface DraftBody {
  /** A round ends by `until`, a part (an arm, a map's body) by `yield`. */
  readonly kind: 'round' | 'part';
  /** What it must end with. */
  readonly result: Schema;
  /** The container, for messages. */
  readonly at: string;
}

/** The draft before any node. */
export function emptyDraft(pipeline: string, input: z.ZodObject, chat?: Chat): Draft {
  return {
    pipeline,
    input,
    ...(chat && { chat }),
    nodes: [],
    locals: { input: refTo(input, ['input']) },
    outputs: {},
    aliases: new Map(),
    known: new Map(),
    depth: 0,
  };
}

/** The draft with one more id, which is refused if it cannot be a node's or is taken. */
export function claim(draft: Draft, id: unknown, known: Known): Draft {
  checkName(id, 'node id');
  if (RESERVED_IDS.includes(id))
    refuse('id_reserved', `'${id}' is a word of the language, so no node can have it as its id`, 'choose another id');
  return claimInlined(draft, id, known);
}

/** As `claim`, for an id that was checked where it was first defined. */
export function claimInlined(draft: Draft, id: string, known: Known): Draft {
  if (draft.known.has(id))
    refuse('id_taken', `node '${id}' already exists`, 'ids are unique over the whole pipeline: choose another', { id });
  if (id.length > LIMITS.inlinedIdLength)
    refuse(
      'limit_exceeded',
      `node id '${id}' is ${id.length} characters long`,
      `use at most ${LIMITS.inlinedIdLength}`,
    );
  const all = new Map(draft.known).set(id, known);
  if ([...all.values()].filter((each) => each.kind !== 'use').length > LIMITS.nodes)
    refuse(
      'limit_exceeded',
      `pipeline '${draft.pipeline}' has more than ${LIMITS.nodes} nodes`,
      'split it into pipelines',
    );
  return { ...draft, known: all };
}

/** The draft inside a container: no nodes yet, everything else goes on. */
export function open(draft: Draft, body: DraftBody, locals: Draft['locals'] = {}): Draft {
  const depth = draft.depth + 1;
  checkDepth(depth, body.at);
  return { ...draft, nodes: [], depth, locals: { ...draft.locals, ...locals }, body };
}

export function checkDepth(depth: number, at: string): void {
  if (depth > LIMITS.depth)
    refuse(
      'limit_exceeded',
      `${at}: containers are nested ${depth} deep`,
      `nest at most ${LIMITS.depth}: make a step of the inner part, or flatten what is around it`,
    );
}

/** The draft with a node added, whose id now shows `output`. */
export function add(draft: Draft, id: string, nodes: readonly PlanNode[], output: Schema): Draft {
  return { ...draft, nodes: [...draft.nodes, ...nodes], outputs: { ...draft.outputs, [id]: output } };
}

/** Refuses an id that no node has, with the nearest that one has. */
export function knownOf(known: Draft['known'], id: string, pipeline: string): Known {
  return (
    known.get(id) ??
    refuse('node_unknown', `there is no node '${id}' in '${pipeline}'`, suggest(id, known.keys(), 'it has no nodes'))
  );
}

/**
 * What a finished pipeline knows beyond its public face: every id and how to wire there again, and what a finished run
 * shows to scorers. Kept aside from the
 * object that authors hold, so that its printed form stays small and nobody comes to depend on it.
 */
export interface Internals extends AnyPipeline {
  readonly known: Draft['known'];
  /** What the nodes show at the end, and what ids of used pipelines stand for: a variant's are its baseline's. */
  readonly outputs: Draft['outputs'];
  readonly aliases: Draft['aliases'];
}

const INTERNALS = new WeakMap<object, Internals>();

/** Keeps the internals of a pipeline, and returns it. */
export function remember<P extends AnyPipeline>(pipeline: P, internals: Internals): P {
  INTERNALS.set(pipeline, internals);
  return pipeline;
}

/** The internals of a pipeline or variant; refuses anything else. */
export function internalsOf(pipeline: unknown, at: string): Internals {
  const internals = typeof pipeline === 'object' && pipeline !== null ? INTERNALS.get(pipeline) : undefined;
  return (
    internals ??
    refuse(
      'not_a_pipeline',
      `${at} is given ${show(pipeline)} as its pipeline`,
      'give what .output(...) or .variant(...) returned',
    )
  );
}

/**
 * How a pipeline is talked to: a function that makes its input of a conversation. A pipeline that declares one is a model
 * to clients of OpenAI's protocol. It is no part of the plan: what runs is the input that it made.
 */
export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  /** Text parts are joined by line breaks; a message without text has ''. */
  readonly content: string;
}

/** A conversation, and whom it is for. */
export interface ChatRequest {
  /** Oldest first, at least one. */
  readonly messages: readonly ChatMessage[];
  /** The unit of experiments; undefined where the caller has not said it. */
  readonly user: string | undefined;
}

/** A chat function without its types. */
export type Chat = (request: ChatRequest) => object;

export interface PipelineOptions<Input, Made extends Input> {
  /**
   * Makes the pipeline's input of a conversation, so that the pipeline is a model of the OpenAI-compatible endpoint. It does
   * no I/O and waits for nothing. What it throws is reported as a fault of the server, so for unusable input it should
   * rather make an input that the schema refuses: that is reported as a fault of the request.
   */
  readonly chat: (request: ChatRequest) => Made & NoExtra<'chat', Made, Input>;
}

/** @throws DefinitionError for keys that are none, and a chat that is no function */
export function chatOf(options: unknown, at: string): Chat | undefined {
  checkKeys(options, ['chat'], `${at}: options`);
  const { chat } = options as { readonly chat?: unknown };
  if (chat === undefined || typeof chat === 'function') return chat as Chat | undefined;
  return refuse('chat_invalid', `${at}: chat is ${show(chat)}`, 'write a function: ({ messages, user }) => input');
}

/** @throws DefinitionError where the answer has no text that could be said in a conversation */
export function checkAnswers(plan: Plan, at: string): void {
  if (answerText(plan) === undefined)
    refuse(
      'chat_without_text',
      `${at} declares chat, and its output has no text to answer with`,
      "wire a step's text to the output's field 'text', or to its one field that is a string; or remove chat",
    );
}
