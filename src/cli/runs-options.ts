/** Which runs are meant, in which order, and what is shown of them: as the dashboard's screen of runs has it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { RUN_COLUMNS } from '../model/run-fields.ts';
import { readCondition, readSort } from '../run-filter/read-condition.ts';
import type { RunsView } from '../run-filter/saved-view.ts';
import type { SavedView } from '../store/views.ts';
import { findNamed } from './lookup.ts';

const STATES = ['running', 'completed', 'degraded', 'failed', 'cancelled'] as const;
/** As many as the API takes. */
const MOST_CONDITIONS = 20;

export interface RunsChoice {
  readonly where: readonly string[];
  readonly pipeline?: string;
  readonly state?: (typeof STATES)[number];
  readonly sort?: string;
  readonly columns?: readonly string[];
}

const gather = (text: string, before: readonly string[]): readonly string[] => [...before, text];

/** `run,question`: of those that there are, each once. */
function columns(text: string): readonly string[] {
  const named = text.split(',').map((name) => name.trim());
  for (const name of named)
    if (!(RUN_COLUMNS as readonly string[]).includes(name))
      throw new InvalidArgumentError(
        `runs have no column '${name}': ${suggest(name, RUN_COLUMNS, 'see the columns')}.`,
      );
  return [...new Set(named)];
}

export const withChoice = (command: Command): Command =>
  command
    .option('--where <condition>', 'only runs of which it holds: "latency > 2s"; may be given again', gather, [])
    .option('--pipeline <id>', 'only the runs of this pipeline')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(STATES))
    .option('--sort <field>', 'the least first; with - before it the most first: -cost')
    .option('--columns <names>', `what is shown, of ${RUN_COLUMNS.join(', ')}`, columns);

/** What was chosen, on top of a view. @throws SluiceError `filter_invalid`, `conditions_too_many` */
export function viewOf(choice: RunsChoice, base: RunsView = { where: [] }): RunsView {
  const { pipeline, state, sort } = choice;
  const now = Date.now();
  const where = [
    ...base.where,
    ...(pipeline === undefined ? [] : [{ field: 'pipeline', op: '=', value: pipeline }]),
    ...(state === undefined ? [] : [{ field: 'state', op: '=', value: state }]),
    ...choice.where.map((text) => readCondition(text, now)),
  ];
  if (where.length > MOST_CONDITIONS)
    throw new SluiceError('conditions_too_many', {
      message: `${where.length} conditions are asked of runs`,
      remedy: `leave some out: at most ${MOST_CONDITIONS}`,
    });
  return {
    ...base,
    where,
    ...(sort !== undefined && { sort: readSort(sort) }),
    ...(choice.columns !== undefined && { columns: choice.columns }),
  };
}

/** @throws SluiceError `view_unknown`, `view_ambiguous`, `view_invalid` */
export async function savedView(views: readonly SavedView[], name: string): Promise<RunsView> {
  const whenNone = 'none is saved yet: sluice runs views save NAME';
  const found = findNamed({ kind: 'view', name, among: views, nameOf: (view) => view.name, whenNone });
  const { savedView } = await import('../run-filter/saved-view.ts');
  return savedView(found.view, found.name);
}
