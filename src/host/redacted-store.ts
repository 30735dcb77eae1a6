/** A store that redacts the words that people write about deployments, experiments, monitors, keys and saved views. */
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import type { Database } from '../store/database.ts';
import type { Restaging } from '../store/deployments.ts';
import { createStore, type Store } from '../store/store.ts';

/**
 * Everything else is redacted before it comes to the store: inputs and outputs of runs, feedback, reviews.
 *
 * @param redaction of the project
 */
export function createRedactedStore(database: Database, redaction: Redaction = NO_REDACTION): Store {
  const store = createStore(database);
  if (!redaction.isOn) return store;
  const { deployments, experiments, monitors, views, apiKeys } = store;
  const { text, json } = redaction;
  const withWhy = <T extends { readonly why: string }>(change: T): T => ({ ...change, why: text(change.why) });
  return Object.freeze({
    ...store,
    deployments: {
      ...deployments,
      deploy: (change) => deployments.deploy({ ...withWhy(change), restaged: change.restaged.map(withWhy<Restaging>) }),
    },
    experiments: {
      ...experiments,
      start: (experiment) => experiments.start(withWhy(experiment)),
      move: (experimentId, move) => experiments.move(experimentId, { ...move, reason: text(move.reason) }),
    },
    monitors: {
      ...monitors,
      start: (spec, act) => monitors.start(spec, withWhy(act)),
      stop: (monitorId, act) => monitors.stop(monitorId, withWhy(act)),
    },
    views: {
      ...views,
      save: (view) => views.save({ ...view, name: text(view.name), view: json(view.view) }),
    },
    apiKeys: {
      ...apiKeys,
      revoke: (idOrName, by, why) => apiKeys.revoke(idOrName, by, text(why)),
    },
  } satisfies Store);
}
