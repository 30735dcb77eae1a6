/** `sluice eval`: variants on datasets, scored, compared, and judged by what was declared beforehand. */
import type { Command } from 'commander';
import { groupCommand, type World } from './command.ts';
import { compareCommand } from './eval-compare.ts';
import { leaderboardCommand } from './eval-leaderboard.ts';
import { listCommand } from './eval-list.ts';
import { noiseCommand } from './eval-noise.ts';
import { planCommand } from './eval-plan.ts';
import { reportCommand } from './eval-report.ts';
import { runCommand } from './eval-run.ts';
import { showCommand } from './eval-show.ts';
import { statusCommand } from './eval-status.ts';
import { cancelCommand, pauseCommand, resumeCommand } from './eval-steer.ts';

export function evalCommand(world: World): Command {
  const commands = [
    planCommand,
    runCommand,
    statusCommand,
    listCommand,
    pauseCommand,
    resumeCommand,
    cancelCommand,
    compareCommand,
    showCommand,
    reportCommand,
    leaderboardCommand,
    noiseCommand,
  ];
  return groupCommand(
    'eval',
    'evaluate variants on datasets, and compare them',
    commands.map((create) => create(world)),
  );
}
