/**
 * Mistakes in monitors, as the compiler tells them.
 */
import { defineMonitor } from '../../../src/index.ts';
import { cites, found, grounded } from '../../dsl/evaluated.ts';
import { supportBot } from '../../dsl/example.ts';

const monitor = { pipeline: supportBot, scorer: grounded, sample: 0.1 };

// A scorer of another pipeline.
defineMonitor('m', { ...monitor, scorer: found });
//! TS2322 Type 'Scorer<"found", "pages-only", { citations: string[]; note?: string | undefined; }, Scores<{ ndcg: number; }>>' is not assignable to type 'Scorer<"found", "pages-only", { citations: string[]; note?: string | undefined; }, Scores<{ ndcg: number; }>> & WiringError<"scorer 'found' is of 'pages-only', not of 'support-bot'">'.
//!   Property 'wiringError' is missing in type 'Scorer<"found", "pages-only", { citations: string[]; note?: string | undefined; }, Scores<{ ndcg: number; }>>' but required in type 'WiringError<"scorer 'found' is of 'pages-only', not of 'support-bot'">'.

// A scorer that reads an example.
defineMonitor('m', { ...monitor, scorer: cites });
//! TS2322 Type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>' is not assignable to type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>> & WiringError<"scorer 'cites' reads an example, which a live run does not have">'.
//!   Property 'wiringError' is missing in type 'Scorer<"cites", "support-bot", { citations: string[]; note?: string | undefined; }, Scores<{ recall: number; whole: boolean; because: string; }>>' but required in type 'WiringError<"scorer 'cites' reads an example, which a live run does not have">'.

// An alert on what the scorer does not give.
defineMonitor('m', { ...monitor, alert: { field: 'scores', below: 0.8 } });
//! TS2820 Type '"scores"' is not assignable to type '"passed" | "score"'. Did you mean '"score"'?

// An alert without a bound.
defineMonitor('m', { ...monitor, alert: { field: 'score' } });
//! TS2322 Type '{ field: "score"; }' is not assignable to type 'Alert<"passed" | "score">'.
//!   Type '{ field: "score"; }' is not assignable to type '{ readonly field: "passed" | "score"; readonly atLeast?: number; readonly window?: `${number} day` | `${number} days` | `${number} hour` | `${number} hours` | `${number} minute` | `${number} minutes` | `${number} ms` | `${number} second` | `${number} seconds`; } & { ...; }'.
//!     Property 'above' is missing in type '{ field: "score"; }' but required in type '{ readonly above: number; readonly below?: never; }'.

// An outcome that there is not.
defineMonitor('m', { ...monitor, when: { outcomes: ['complete'] } });
//! TS2820 Type '"complete"' is not assignable to type '"completed" | "degraded" | "failed"'. Did you mean '"completed"'?

// A target that is no boolean.
defineMonitor('m', { ...monitor, when: { target: ({ input }) => input.userId } });
//! TS2322 Type '({ input }: InputScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>) => Value<string>' is not assignable to type '(scope: InputScope<{ question: string; userId: string; history?: { role: "assistant" | "user"; text: string; }[] | undefined; }>) => Value<boolean>'.
//!   Type 'Value<string>' is not assignable to type 'Value<boolean>'.
//!     Type 'string' is not assignable to type 'boolean'.
