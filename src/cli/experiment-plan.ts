/** `sluice experiment plan`: how long an experiment would take, what it could see, and what it could not prove. */
import type { Command } from 'commander';
import { readingCommand, runAction, type World } from './command.ts';
import { type ForeseeOptions, findDefined, foreseeIn, withForeseeOptions } from './experiment-foresee.ts';
import { foreseenData, showForeseen } from './experiment-plan-text.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

export function planCommand(world: World): Command {
  return withForeseeOptions(
    readingCommand('plan', {
      summary: 'say how long an experiment would take, and what it could see; exit code 4 where there is no hope',
      examples: [
        ['experiment plan rerank-online', 'at the traffic of the last 14 days'],
        ['experiment plan rerank-online --units-per-day 5000', 'at another'],
        ['experiment plan rerank-online --assume thumbs-up=0.12', 'where nothing was measured yet'],
      ],
    }).argument('<experiment>', 'the id of its definition, or the beginning of it'),
  ).action((name: string, options: ForeseeOptions, command: Command) =>
    runAction(world, command, (session) => plan(session, name, options)),
  );
}

async function plan(session: Session, name: string, options: ForeseeOptions): Promise<ExitCode> {
  const { services, terminal } = session;
  const { id, spec } = findDefined(await services.experiments(), name);
  const foreseen = await withStore(session, ({ store }) => foreseeIn(store, spec, options, Date.now()));
  const isHopeless = foreseen.hopeless.length > 0;
  if (terminal.json) terminal.printJson(foreseenData(spec, foreseen));
  else {
    showForeseen(terminal, spec, foreseen);
    terminal.print(
      isHopeless
        ? `  start it all the same: sluice experiment start ${id} --force`
        : `  start it: sluice experiment start ${id} --why "…"`,
    );
  }
  return isHopeless ? EXIT.inconclusive : EXIT.fine;
}
