/**
 * A plan as a picture: a Mermaid flowchart, which GitHub, the Temporal UI's Markdown and most editors show. Every arrow
 * is a ref: solid where a value flows, dashed where it decides (`when`, a branch's condition) or goes into a loop's next
 * round. Nodes without a way between them run in parallel, and the picture shows just that.
 */
import type { PlanOverride } from './diff.ts';
import { nodesOf, type Source, showWiring, sourcesOf } from './nodes.ts';
import type { Arm, NodeOutcome, Plan, PlanNode, StepNode, Wiring } from './plan.ts';

export interface DrawOptions {
  /** How each node ended, by id: colours the picture of a run. */
  readonly outcomes?: { readonly [node: string]: NodeOutcome };
  /** Top-down unless said otherwise. */
  readonly direction?: 'TD' | 'LR';
  /** Of a variant: a node at which it overrides an included one says so. */
  readonly overrides?: readonly PlanOverride[];
}

/** The plan as Mermaid text, ending in a newline. */
export function drawPlan(plan: Plan, options: DrawOptions = {}): string {
  const lines = [
    `flowchart ${options.direction ?? 'TD'}`,
    '  input([input])',
    ...drawNodes(plan.nodes, '  ', notesOf(options.overrides ?? [])),
    '  output([output])',
    ...new Set(edgesOf(plan).map(drawEdge)),
    ...drawOutcomes(plan, options.outcomes),
  ];
  return `${lines.join('\n')}\n`;
}

// ---------------------------------------------------------------- boxes

/** What a node's label says besides, by node. */
type Notes = ReadonlyMap<string, string>;

function notesOf(overrides: readonly PlanOverride[]): Notes {
  const byNode = Map.groupBy(overrides, ({ node }) => node);
  const variantsOf = (own: readonly PlanOverride[]) =>
    [...new Set(own.map(({ variant }) => `'${variant}'`))].join(', ');
  return new Map([...byNode].map(([node, own]) => [node, `overrides ${variantsOf(own)}`]));
}

function drawNodes(nodes: readonly PlanNode[], indent: string, notes: Notes): string[] {
  return nodes.flatMap((node) => {
    const note = notes.get(node.id);
    const noted = (title: string) => (note === undefined ? title : `${title}, ${note}`);
    switch (node.kind) {
      case 'step':
        return [`${indent}${name(node.id)}["${stepLabel(node, note)}"]`];
      case 'repeat':
        return frame(
          name(node.id),
          noted(`${node.id} · repeat until ${showWiring(node.until)}, at most ${node.max} rounds`),
          node.nodes,
          indent,
          notes,
        );
      case 'map': {
        const limits = `at most ${node.max}, ${node.concurrency} at once`;
        const title = noted(`${node.id} · for each of ${showWiring(node.over)}, ${limits}`);
        return frame(name(node.id), title, node.nodes, indent, notes);
      }
      case 'branch':
        return [
          `${indent}subgraph ${name(node.id)}["${escapeLabel(`${node.id} · branch on ${showWiring(node.when)}`)}"]`,
          ...drawArm(node.id, 'then', node.then, `${indent}  `, notes),
          ...drawArm(node.id, 'otherwise', node.otherwise, `${indent}  `, notes),
          `${indent}end`,
        ];
      default:
        return node satisfies never;
    }
  });
}

function drawArm(branch: string, arm: 'then' | 'otherwise', { nodes }: Arm, indent: string, notes: Notes): string[] {
  const id = armName(branch, arm);
  if (nodes.length === 0) return [`${indent}${id}["${arm}: no step"]`];
  return frame(id, arm, nodes, indent, notes);
}

function frame(id: string, title: string, nodes: readonly PlanNode[], indent: string, notes: Notes): string[] {
  return [
    `${indent}subgraph ${id}["${escapeLabel(title)}"]`,
    ...drawNodes(nodes, `${indent}  `, notes),
    `${indent}end`,
  ];
}

function stepLabel(node: StepNode, note: string | undefined): string {
  const fallback = node.fallback ? `<br/>fallback ${escapeLabel(node.fallback.step)}` : '';
  const noted = note === undefined ? '' : `<br/>${escapeLabel(note)}`;
  return `<b>${escapeLabel(node.id)}</b><br/>${escapeLabel(node.call.step)}${fallback}${noted}`;
}

/** A name that Mermaid reads as one word for any id: its keywords (`end`, `class`) are legal ids. */
function name(id: string): string {
  return `n_${id.replaceAll('_', '_0').replaceAll('-', '_1').replaceAll('/', '_2')}`;
}

function armName(branch: string, arm: 'then' | 'otherwise'): string {
  return `${arm}_${name(branch)}`;
}

/** Mermaid takes HTML entities in quoted labels, and nothing else that could end the quote. */
function escapeLabel(text: string): string {
  return text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;');
}

// ---------------------------------------------------------------- arrows

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly dashed?: string;
}

function edgesOf(plan: Plan): Edge[] {
  const byId = new Map([...nodesOf(plan)].map((node) => [node.id, node]));
  const into = (to: string, wiring: Wiring | undefined, dashed?: string): Edge[] =>
    wiring === undefined
      ? []
      : [...sourcesOf(wiring)].flatMap((source) =>
          originsOf(source, byId).map(({ from, next }) => {
            const label = dashed ?? (next ? 'next round' : undefined);
            return { from, to, ...(label !== undefined && { dashed: label }) };
          }),
        );

  const edges = [...byId.values()].flatMap((node): Edge[] => {
    switch (node.kind) {
      case 'step':
        return [...into(name(node.id), node.input), ...into(name(node.id), node.when, 'when')];
      case 'branch':
        return [
          ...into(armName(node.id, 'then'), node.when, 'if'),
          ...into(armName(node.id, 'otherwise'), node.when, 'else'),
          ...(node.then.nodes.length === 0 ? into(armName(node.id, 'then'), node.then.yields) : []),
          ...(node.otherwise.nodes.length === 0 ? into(armName(node.id, 'otherwise'), node.otherwise.yields) : []),
        ];
      case 'map':
        return into(name(node.id), node.over);
      case 'repeat':
        return [];
      default:
        return node satisfies never;
    }
  });
  return [...edges, ...into('output', plan.output)];
}

interface Origin {
  readonly from: string;
  /** The value goes into the next round of a loop. */
  readonly next?: boolean;
}

/**
 * Where an arrow for a ref begins: at the step that makes the value. A loop shows its steps, so the arrow begins inside
 * it; a branch and a map are one value, so it begins at their frame. An item comes from its map's own frame, which the
 * list has reached already, so it needs no arrow.
 */
function originsOf([head, field]: Source, byId: ReadonlyMap<string, PlanNode>): Origin[] {
  if (head === 'input') return [{ from: 'input' }];
  const [owner = head, local] = head.split(':');
  const node = byId.get(owner);
  if (node === undefined || local === 'item') return [];
  if (node.kind !== 'repeat') return [{ from: name(node.id) }];
  if (local === 'carry')
    return [...sourcesOf(node.carry)].flatMap((source) =>
      source[0] === head ? [] : originsOf(source, byId).map(({ from }) => ({ from, next: true })),
    );
  const yielded = field === undefined ? undefined : node.yields[field];
  if (yielded === undefined) return [{ from: name(node.id) }];
  return [...sourcesOf(yielded)].flatMap((source) => originsOf(source, byId));
}

function drawEdge({ from, to, dashed }: Edge): string {
  return dashed === undefined ? `  ${from} --> ${to}` : `  ${from} -. ${dashed} .-> ${to}`;
}

// ---------------------------------------------------------------- colours

const COLOURS: { readonly [Group in 'fine' | 'second' | 'failed' | 'idle']: string } = {
  fine: 'fill:#e6f4ea,stroke:#188038,color:#111',
  second: 'fill:#fef7e0,stroke:#b06000,color:#111',
  failed: 'fill:#fce8e6,stroke:#c5221f,color:#111',
  idle: 'fill:#f1f3f4,stroke:#80868b,color:#5f6368',
};

const GROUPS: { readonly [Outcome in NodeOutcome]: keyof typeof COLOURS } = {
  completed: 'fine',
  fallback: 'second',
  'or-else': 'second',
  exhausted: 'second',
  truncated: 'second',
  failed: 'failed',
  skipped: 'idle',
  blocked: 'idle',
  cancelled: 'idle',
};

function drawOutcomes(plan: Plan, outcomes: DrawOptions['outcomes']): string[] {
  if (outcomes === undefined) return [];
  const nodes = [...nodesOf(plan)].flatMap(({ id }) => {
    const outcome = Object.hasOwn(outcomes, id) ? outcomes[id] : undefined;
    return outcome === undefined ? [] : [{ id, group: GROUPS[outcome] }];
  });
  return Object.entries(COLOURS).flatMap(([group, style]) => {
    const names = nodes.filter((node) => node.group === group).map((node) => name(node.id));
    return names.length === 0 ? [] : [`  classDef ${group} ${style}`, `  class ${names.join(',')} ${group}`];
  });
}
