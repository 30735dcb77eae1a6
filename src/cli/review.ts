/** `sluice review`: experts are asked about answers, and what they say is held against each other. */
import type { Command } from 'commander';
import { groupCommand, type World } from './command.ts';
import { datasetCommand } from './review-dataset.ts';
import { closeCommand, decideCommand } from './review-decide.ts';
import { itemCommand, nextCommand } from './review-item.ts';
import { listCommand } from './review-list.ts';
import { labelCommand, passCommand } from './review-say.ts';
import { showCommand } from './review-show.ts';
import { startCommand } from './review-start.ts';

export function reviewCommand(world: World): Command {
  return groupCommand('review', 'ask experts about answers, each by two or more, and see how far they agree', [
    listCommand(world),
    startCommand(world),
    showCommand(world),
    itemCommand(world),
    nextCommand(world),
    labelCommand(world),
    passCommand(world),
    decideCommand(world),
    closeCommand(world),
    datasetCommand(world),
  ]);
}
