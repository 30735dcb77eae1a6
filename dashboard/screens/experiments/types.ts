/** What the API says of experiments. */
export interface ExperimentView {
  readonly experimentId: string;
  readonly name: string;
  readonly pipeline: string;
  readonly kind: 'experiment' | 'rollout';
  readonly state: string;
  readonly reason: string | null;
  readonly arms: readonly { readonly name: string; readonly weight: number }[];
  readonly stopped: readonly string[];
  readonly winner: string | null;
  readonly ramp: number;
  readonly stage: number;
  readonly startedBy: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}
