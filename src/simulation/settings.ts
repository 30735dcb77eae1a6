/** How people are simulated: everything that is drawn is drawn from the seed, so the same settings ask and say the same. */

export interface SimulationSettings {
  readonly seed: number;
  /** People, each of whom keeps its id. */
  readonly users: number;
  readonly requests: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** The part of the answers that people say something about. */
  readonly rating: number;
  /** The part of the thumbs that say the opposite of what the ground truth says. */
  readonly noise: number;
  /** How much more likely a thumb is down at the end than at the beginning, whatever the arm: moods change. */
  readonly drift: number;
  /** The part of the feedback that is delivered late, and by how much. */
  readonly late: number;
  readonly lateMs: number;
  /** The part of the feedback that is delivered twice. */
  readonly duplicates: number;
  /** How many of the first passages, or citations, people look at. */
  readonly looksAt: number;
}

export const USUAL: SimulationSettings = Object.freeze({
  ...{ seed: 1, users: 500, requests: 1_000, concurrency: 8, rating: 0.6, noise: 0.1, drift: 0 },
  ...{ late: 0, lateMs: 0, duplicates: 0, looksAt: 3 },
});

/** What is drawn for each of them is kept in memory. */
export const SIMULATION_LIMITS = Object.freeze({ users: 1_000_000, requests: 1_000_000, concurrency: 256 });
