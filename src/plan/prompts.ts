/** The prompts of plans: texts in the configs of their steps, and how they changed from one deployment to the next. */
import { nodesOf } from './nodes.ts';
import type { Json, Plan } from './plan.ts';

interface Deployment {
  readonly deploymentNo: number;
  readonly planId: string;
}

/** Shorter texts are settings, unless they are named as a prompt. */
const LEAST_CHARACTERS = 80;
const NAMES = /prompt|template|instruction|system/i;

export interface PromptVersion<Of extends Deployment> {
  /** The deployment that it came with. */
  readonly deployment: Of;
  /** Null: it has none from here on. */
  readonly text: string | null;
}

export interface PromptHistory<Of extends Deployment> {
  readonly node: string;
  /** Where in the config: `prompt`. */
  readonly path: string;
  /** Only where it changed, newest first. */
  readonly versions: readonly PromptVersion<Of>[];
}

/** @param plans by plan id; deployments whose plan is not among them are left out */
export function promptHistories<Of extends Deployment>(
  deployments: readonly Of[],
  plans: ReadonlyMap<string, Plan>,
): readonly PromptHistory<Of>[] {
  const oldestFirst = [...deployments].sort((one, other) => one.deploymentNo - other.deploymentNo);
  const found = new Map<string, PromptVersion<Of>[]>();
  for (const deployment of oldestFirst) {
    const plan = plans.get(deployment.planId);
    if (plan === undefined) continue;
    const texts = promptsOf(plan);
    for (const key of new Set([...found.keys(), ...texts.keys()])) {
      const versions = found.get(key) ?? [];
      const text = texts.get(key) ?? null;
      if (versions.length > 0 && versions.at(-1)!.text === text) continue;
      versions.push({ deployment, text });
      found.set(key, versions);
    }
  }
  return [...found].map(([key, versions]) => {
    const [node, path] = key.split('\0') as [string, string];
    return { node, path, versions: versions.toReversed() };
  });
}

/** @param isWhole whether all deployments were looked through; of fewer nobody knows what was before */
export function changesText(changes: number, isWhole: boolean): string {
  if (changes > 0) return `changed ${changes === 1 ? 'once' : `${changes} times`}${isWhole ? '' : ' of late'}`;
  return isWhole ? 'never changed' : 'not changed of late; what is older was not looked through';
}

function promptsOf(plan: Plan): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'step') continue;
    for (const [path, text] of textsIn(node.call.config, '')) texts.set(`${node.id}\0${path}`, text);
  }
  return texts;
}

function* textsIn(json: Json, path: string): Generator<readonly [path: string, text: string]> {
  if (typeof json === 'string') {
    if (json.length >= LEAST_CHARACTERS || NAMES.test(path)) yield [path, json];
  } else if (json !== null && typeof json === 'object')
    for (const [key, inner] of Object.entries(json)) yield* textsIn(inner, path === '' ? key : `${path}.${key}`);
}
