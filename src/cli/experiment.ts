/** `sluice experiment`: variants on live traffic, planned, started, watched, steered, and held to what was written down. */
import type { Command } from 'commander';
import { groupCommand, type World } from './command.ts';
import { auditCommand } from './experiment-audit.ts';
import { briefCommand } from './experiment-brief.ts';
import { historyCommand } from './experiment-history.ts';
import { listCommand } from './experiment-list.ts';
import { planCommand } from './experiment-plan.ts';
import { startCommand } from './experiment-start.ts';
import { statusCommand } from './experiment-status.ts';
import { abortCommand, approveCommand, pauseCommand, resumeCommand } from './experiment-steer.ts';

export function experimentCommand(world: World): Command {
  const commands = [
    listCommand,
    planCommand,
    startCommand,
    statusCommand,
    pauseCommand,
    resumeCommand,
    approveCommand,
    abortCommand,
    briefCommand,
    historyCommand,
    auditCommand,
  ];
  return groupCommand(
    'experiment',
    'try variants on live traffic, and decide by what comes of it',
    commands.map((create) => create(world)),
  );
}
