/** Every row of the chaos table, in the order in which it is played. */
import type { Row } from './row.ts';
import { r33 } from './rows/api-restarted.ts';
import { r30 } from './rows/clock-troubled.ts';
import { r10 } from './rows/code-rollout.ts';
import { r19 } from './rows/duplicate-requests.ts';
import { r18 } from './rows/evaluation-cancelled.ts';
import { r27, r28 } from './rows/evaluation-killed.ts';
import { r29, r32 } from './rows/experiments-killed.ts';
import { r17 } from './rows/hanging.ts';
import { r24, r25, r26 } from './rows/ingest-killed.ts';
import { r3, r4 } from './rows/many-killed.ts';
import { r23 } from './rows/missing-step.ts';
import { r22 } from './rows/node-versions.ts';
import { r12 } from './rows/plan-edited.ts';
import { r16 } from './rows/poison.ts';
import { r11 } from './rows/replay-gate.ts';
import { r5 } from './rows/rolling-restart.ts';
import { r31 } from './rows/rollout-dead.ts';
import { r7, r8 } from './rows/server-restarted.ts';
import { r1, r2 } from './rows/step-killed.ts';
import { r15 } from './rows/too-large.ts';
import { r6 } from './rows/workflow-tasks.ts';

export const ROWS: readonly Row[] = [
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  r7,
  r8,
  r10,
  r11,
  r12,
  r15,
  r16,
  r17,
  r18,
  r19,
  r22,
  r23,
  r24,
  r25,
  r26,
  r27,
  r28,
  r29,
  r30,
  r31,
  r32,
  r33,
];
