/**
 * `definePipeline`: the chain as authors hold it. Here the typed language meets the untyped drafts that do the work, so
 * this is the one file that tells the compiler what they come to.
 */
import { z } from 'zod';
import { freezeJson } from '../plan/json.ts';
import { bodiesOf } from '../plan/nodes.ts';
import {
  type Arm,
  type Json,
  PLAN_FORMAT,
  type Plan,
  type PlanNode,
  type WhenExhausted,
  type WhenOver,
  type Wiring,
} from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { FirstChain } from './chain.ts';
import {
  add,
  chatOf,
  checkAnswers,
  checkDepth,
  claim,
  claimInlined,
  type Draft,
  type DraftBody,
  emptyDraft,
  internalsOf,
  type Known,
  open,
  type PipelineOptions,
  type WiringFunction,
} from './draft.ts';
import { lower, lowerCondition, lowerObjectIn, lowerValueIn, resolveAliases, wire } from './lower.ts';
import { placeStep, type StepOptions } from './place-step.ts';
import { factsOf, type Replace, refTo, replaceSources, within } from './ref.ts';
import { checkCount, checkKeys, checkName, refuse, show } from './refuse.ts';
import { checkFaithful, checkYieldFaithful, elementOf, type Schema, toJson } from './shape.ts';
import { type AnyStep, stepsIn } from './step.ts';
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

/** A body that has ended: its draft, and what it hands on. */
export interface Ended {
  readonly draft: Draft;
  readonly yields: Wiring;
  /** Of a round only. */
  readonly until?: Wiring;
}

/** Builds a container's body: given the draft inside, it returns how the author ended it. */
export type Body = (inner: Draft) => Ended;

export interface LoopSettings {
  readonly max: number;
  readonly carry: z.ZodObject;
  readonly start: unknown;
  readonly whenExhausted: WhenExhausted;
}

/** A loop. Outside, it shows what its last round made, by name. */
function placeRepeat(draft: Draft, id: string, loop: LoopSettings, body: Body): Draft {
  const at = `repeat '${id}'`;
  const outer = claim(draft, id, { kind: 'repeat' });
  checkKeys(loop, ['max', 'carry', 'start', 'whenExhausted'], at);
  const { max, carry, start, whenExhausted } = loop;
  checkCount(max, 1, LIMITS.rounds, `${at}: max`);
  checkFaithful(carry, `${at}: carry`);
  checkChoice(whenExhausted, ['keep-last', 'fail'], `${at}: whenExhausted`);
  const first = lower(start, carry, `${at}: start`);
  if (!('$value' in first)) return refuse('start_ref', `${at}: start holds a ref`, 'the first carry is a literal');

  const round = body(open(outer, { kind: 'round', result: carry, at }, { carry: refTo(carry, [`${id}:carry`]) }));
  const made = Object.entries(round.draft.outputs).filter(([name]) => !Object.hasOwn(draft.outputs, name));
  const shown = made.map(([name]) => [name, resolveAliases(round.draft, { $from: [name] }, at)] as const);
  const node: PlanNode = {
    kind: 'repeat',
    id,
    max,
    start: toJson(first.$value, `${at}: start`),
    whenExhausted,
    nodes: round.draft.nodes,
    until: round.until!,
    carry: round.yields,
    yields: Object.fromEntries(shown),
  };
  return add(closed(outer, round), id, [node], z.object({ ...Object.fromEntries(made), rounds: z.int() }));
}

/** Two arms. Outside, only the value that both yield. */
function placeBranch(
  draft: Draft,
  id: string,
  yields: Schema,
  condition: WiringFunction,
  [first, second]: readonly [then: Body, otherwise: Body],
): Draft {
  const at = `branch '${id}'`;
  const outer = claim(draft, id, { kind: 'branch' });
  checkYieldFaithful(yields, `${at}: its schema`);
  const when = lowerCondition(draft, condition, `${at}: when`);
  const then = first(open(outer, { kind: 'part', result: yields, at: `${at}, first arm` }));
  const rest = closed(outer, then);
  const otherwise = second(open(rest, { kind: 'part', result: yields, at: `${at}, second arm` }));
  // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
  const node: PlanNode = { kind: 'branch', id, when, then: armOf(then), otherwise: armOf(otherwise) };
  return add(closed(outer, otherwise), id, [node], yields);
}

export interface MapLimits {
  readonly max: number;
  readonly concurrency: number;
  readonly whenOver: WhenOver;
}

/** A body per item. Outside, the list of what they yield. */
function placeMap(
  draft: Draft,
  id: string,
  yields: Schema,
  over: WiringFunction,
  limits: MapLimits,
  body: Body,
): Draft {
  const at = `map '${id}'`;
  const outer = claim(draft, id, { kind: 'map' });
  checkYieldFaithful(yields, `${at}: its schema`);
  checkKeys(limits, ['max', 'concurrency', 'whenOver'], at);
  const { max, concurrency, whenOver } = limits;
  checkCount(max, 1, LIMITS.items, `${at}: max`);
  checkCount(concurrency, 1, LIMITS.concurrency, `${at}: concurrency`);
  checkChoice(whenOver, ['truncate', 'fail'], `${at}: whenOver`);

  const list = factsOf(wire(draft, over, `${at}: over`));
  const item = list && elementOf(list.schema);
  if (!item) return refuse('map_no_list', `${at} is over something that is no list`, 'return a ref to a list');
  const each = body(open(outer, { kind: 'part', result: yields, at }, { item: refTo(item, [`${id}:item`]) }));
  const node: PlanNode = {
    kind: 'map',
    id,
    over: resolveAliases(draft, { $from: list.source }, at),
    max,
    concurrency,
    whenOver,
    ...armOf(each),
  };
  return add(closed(outer, each), id, [node], z.array(yields));
}

// ---------------------------------------------------------------- how bodies end

/** Ends a round. */
function endRound(draft: Draft, done: WiringFunction, carry: WiringFunction): Ended {
  const { body } = draft;
  if (!(body?.result instanceof z.ZodObject) || body.kind !== 'round')
    return refuse('until_outside', '.until(done, carry) ends the body of a repeat', 'use it there only');
  const until = lowerCondition(draft, done, `${body.at}: until`);
  return { draft, until, yields: lowerObjectIn(draft, carry, body.result, `${body.at}: 'carry'`) };
}

/** Ends an arm, or a map's body. */
function endPart(draft: Draft, wiring: WiringFunction): Ended {
  const { body } = draft;
  if (body?.kind !== 'part')
    return refuse('yield_outside', ".yield(wire) ends an arm or a map's body", 'use it there only');
  return { draft, yields: lowerValueIn(draft, wiring, body.result, `${body.at}: 'yield'`) };
}

/** The outer draft, knowing the ids that a body added. */
function closed(outer: Draft, ended: Ended): Draft {
  return { ...outer, known: ended.draft.known };
}

function armOf(ended: Ended): Arm {
  return { nodes: ended.draft.nodes, yields: ended.yields };
}

function checkChoice(value: unknown, choices: readonly string[], at: string): void {
  if (!choices.includes(value as string))
    refuse('choice_unknown', `${at} is ${show(value)}`, `use ${choices.map((choice) => `'${choice}'`).join(' or ')}`);
}

/** The draft with a pipeline inlined under an id. */
function placeUse(draft: Draft, id: string, pipeline: unknown, wiring: WiringFunction): Draft {
  const used = internalsOf(pipeline, `use '${id}'`);
  const claimed = claim(draft, id, { kind: 'use' });
  const input = lowerObjectIn(draft, wiring, used.input, `use '${id}'`);
  const rename: Rename = {
    id: (inner) => `${id}/${inner}`,
    source: ([head, ...fields]) => (head === 'input' ? within(input, fields) : { $from: [`${id}/${head}`, ...fields] }),
  };

  const nodes = used.plan.nodes.map((node) => renameNode(node, rename));
  checkDepth(draft.depth + depthOf(nodes), `use '${id}'`);
  let inlined = claimed;
  for (const [inner, known] of used.known)
    inlined = claimInlined(inlined, rename.id(inner), renameKnown(known, rename));
  const output = renameWiring(used.plan.output, rename, `'output' of '${id}'`);
  return { ...add(inlined, id, nodes, used.output), aliases: new Map(draft.aliases).set(id, output) };
}

interface Rename {
  readonly id: (inner: string) => string;
  readonly source: Replace;
}

function renameWiring(wiring: Wiring, rename: Rename, at: string): Wiring {
  return replaceSources(wiring, rename.source, at);
}

/** Edits of an inlined node are wired in the used pipeline's own scope, then taken out of it like the node was. */
function renameKnown(known: Known, rename: Rename): Known {
  if (known.kind !== 'step') return known;
  return { ...known, lower: (wire, schema, at) => renameWiring(known.lower(wire, schema, at), rename, at) };
}

function renameNode(node: PlanNode, rename: Rename): PlanNode {
  const id = rename.id(node.id);
  const wiring = (old: Wiring) => renameWiring(old, rename, `node '${id}'`);
  const nodes = (inner: readonly PlanNode[]) => inner.map((each) => renameNode(each, rename));
  const arm = (old: Arm): Arm => ({ nodes: nodes(old.nodes), yields: wiring(old.yields) });
  switch (node.kind) {
    case 'step':
      return { ...node, id, input: wiring(node.input), ...(node.when && { when: wiring(node.when) }) };
    case 'repeat':
      return {
        ...node,
        id,
        nodes: nodes(node.nodes),
        until: wiring(node.until),
        carry: wiring(node.carry),
        yields: Object.fromEntries(Object.entries(node.yields).map(([name, shown]) => [name, wiring(shown)])),
      };
    case 'branch':
      // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
      return { ...node, id, when: wiring(node.when), then: arm(node.then), otherwise: arm(node.otherwise) };
    case 'map':
      return { ...node, id, over: wiring(node.over), ...arm(node) };
    default:
      return node satisfies never;
  }
}

/** Containers within each other, at most, in these nodes. */
function depthOf(nodes: readonly PlanNode[]): number {
  const depths = nodes.flatMap((node) => bodiesOf(node).map((body) => 1 + depthOf(body.nodes)));
  return Math.max(0, ...depths);
}
