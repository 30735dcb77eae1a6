/** `sluice shadow`: a share of the live runs, repeated under a variant in the background; nobody is ever shown the answers. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { RerunRow } from '../store/reruns.ts';
import type { Store } from '../store/store.ts';
import { rerunTable, stopRerun } from './backtest.ts';
import { actingCommand, groupCommand, readingCommand, runAction, type World } from './command.ts';
import { share } from './options.ts';
import { rerunOutcome, showRerun } from './rerun-outcome.ts';
import { askedRerun, type VariantOptions, withVariantOptions } from './rerun-request.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { userName } from './who.ts';
import { withRuntime, withStore } from './with-servers.ts';

interface StartOptions extends VariantOptions {
  readonly share: number;
}

export function shadowCommand(world: World): Command {
  return groupCommand('shadow', 'repeat a share of the live runs under a variant, unseen', [
    startCommand(world),
    statusCommand(world),
    stopCommand(world),
  ]);
}

function startCommand(world: World): Command {
  return withVariantOptions(
    readingCommand('start', {
      summary: 'repeat a share of the live runs under a variant from now on; nobody is shown the answers',
      examples: [
        ['shadow start docs-bot --variant deep --share 0.1', 'a tenth of the runs'],
        ['shadow start docs-bot --variant deep --share 1 --limit-usd 5', 'all, until that has cost 5 dollars'],
      ],
    }),
  )
    .argument('<pipeline>', 'its id')
    .requiredOption('--share <share>', 'the part of the runs that is repeated, above 0 and at most 1', share)
    .action((pipeline: string, options: StartOptions, called: Command) =>
      runAction(world, called, (session) => start(session, pipeline, options)),
    );
}

async function start(session: Session, pipeline: string, options: StartOptions): Promise<ExitCode> {
  const { services, terminal, environment } = session;
  const { spec, plan } = await askedRerun(session, 'shadow', pipeline, options);
  return withRuntime(session, { project: services.project }, async ({ client, isPassing }) => {
    if (isPassing) throw notAlone(pipeline);
    const row = await client.startRerun({
      ...{ spec, plan, budgetUsd: options.limitUsd ?? null, of: { share: options.share } },
      startedBy: userName(environment),
    });
    const temporalUrl = client.urlOf(row.rerunId);
    if (terminal.json) terminal.printJson({ rerun: row, temporalUrl });
    else {
      terminal.print(
        `${row.rerunId} repeats ${options.share * 100} % of the runs of ${spec.pipeline} under ${spec.variant}`,
      );
      terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
      terminal.print(`  what differs so far: sluice shadow status ${row.rerunId}`);
      terminal.print(`  end it: sluice shadow stop ${row.rerunId}`);
    }
    return EXIT.fine;
  });
}

function statusCommand(world: World): Command {
  return readingCommand('status', {
    summary: 'what a shadow has found so far; without an id all of them',
    examples: [
      ['shadow status', 'those under way, and the last that were stopped'],
      ['shadow status shadow-docs-bot-1f2e', 'one, by the beginning of its id'],
      ['shadow status docs-bot', 'the newest of this pipeline'],
    ],
  })
    .argument('[id]', 'its id, or the beginning of it, or a pipeline')
    .action((id: string | undefined, _options: object, called: Command) =>
      runAction(world, called, (session) =>
        withStore(session, async ({ store }) => {
          const { terminal } = session;
          if (id !== undefined) return showRerun(session, await rerunOutcome(store, await find(store, id)));
          const rows = await store.reruns.list({ kind: 'shadow' });
          if (terminal.json) terminal.printJson(rows);
          else if (rows.length === 0) terminal.print('nothing has been shadowed yet: sluice shadow start PIPELINE');
          else for (const line of rerunTable(rows, terminal.room)) terminal.print(line);
          return EXIT.fine;
        }),
      ),
    );
}

function stopCommand(world: World): Command {
  return actingCommand('stop', {
    summary: 'repeat no more runs; what was found stays',
    examples: [['shadow stop docs-bot', 'the one of this pipeline']],
  })
    .argument('<id>', 'its id, or the beginning of it, or a pipeline')
    .action((id: string, _options: object, called: Command) =>
      runAction(world, called, async (session) => {
        const { rerunId } = await withStore(session, ({ store }) => find(store, id));
        return stopRerun(session, rerunId);
      }),
    );
}

/** By its id; of a pipeline the one that is under way, else the newest. */
async function find({ reruns }: Pick<Store, 'reruns'>, id: string): Promise<RerunRow> {
  const live = await reruns.list({ kind: 'shadow', pipeline: id, live: true, limit: 1 });
  const [row] = live.length > 0 ? live : await reruns.list({ kind: 'shadow', pipeline: id, limit: 1 });
  return row ?? reruns.get(id);
}

const notAlone = (pipeline: string): SluiceError =>
  new SluiceError('usage', {
    message: 'nothing would be shadowed, as the servers of this command end with it',
    remedy: `start servers that stay, in another terminal: sluice dev; or take recorded runs: sluice backtest ${pipeline}`,
  });
