/** `sluice judge`: people's labels beside what scorers say, and which judges may decide. */
import type { Command } from 'commander';
import { groupCommand, type World } from './command.ts';
import { exportCommand } from './judge-export.ts';
import { importCommand } from './judge-import.ts';
import { showCommand } from './judge-show.ts';

export function judgeCommand(world: World): Command {
  return groupCommand('judge', 'hold scorers against what people say', [
    exportCommand(world),
    importCommand(world),
    showCommand(world),
  ]);
}
