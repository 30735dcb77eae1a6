/** `sluice keys`: keys of the HTTP API. A key is shown once, when it is made; only a hash of it is kept. */
import { type Command, InvalidArgumentError } from 'commander';
import { hashSecret, makeApiKey } from '../api/api-key.ts';
import { type ApiKeyRow, SCOPES, type Scope } from '../store/api-keys.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { duration } from './options.ts';
import { EXIT, type ExitCode, type Session, userName } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

export function keysCommand(world: World): Command {
  return groupCommand('keys', 'keys of the HTTP API: make, list and revoke them', [
    createCommand(world),
    listCommand(world),
    revokeCommand(world),
  ]);
}

interface CreateOptions {
  readonly scope: readonly Scope[];
  readonly owner?: string;
  readonly expires?: number;
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

function createCommand(world: World): Command {
  return readingCommand('create', {
    summary: 'make a key, and show it once',
    examples: [
      ['keys create my-app --scope ask,feedback', 'for a program that asks for its users'],
      ['keys create grafana --scope read --expires 90d', 'sees everything, changes nothing, ends by itself'],
    ],
  })
    .argument('<name>', 'what lists and the audit call it', named)
    .requiredOption('--scope <scopes>', `what it may do, of ${SCOPES.join(', ')}`, scopes)
    .option('--owner <owner>', 'keys of one owner see the same runs; default: the name', named)
    .option('--expires <duration>', 'after which it holds no more, such as 90d', duration)
    .action((name: string, options: CreateOptions, command: Command) =>
      runAction(world, command, (session) => create(session, name, options)),
    );
}

function named(text: string): string {
  if (!NAME.test(text)) throw new InvalidArgumentError('use up to 64 letters, digits, ".", "_" and "-".');
  return text;
}

function scopes(text: string): readonly Scope[] {
  const given = [...new Set(text.split(',').map((scope) => scope.trim()))];
  const isScope = (scope: string): scope is Scope => SCOPES.some((known) => known === scope);
  if (!given.every(isScope)) throw new InvalidArgumentError(`give some of ${SCOPES.join(', ')}.`);
  return given;
}

async function create(session: Session, name: string, options: CreateOptions): Promise<ExitCode> {
  const { scope, owner = name, expires } = options;
  const { keyId, secret, key } = makeApiKey();
  const row = await withStore(session, ({ store }) =>
    store.apiKeys.create({
      ...{ keyId, name, owner, scopes: scope, secretHash: hashSecret(secret), by: userName(session.environment) },
      expiresAt: expires === undefined ? null : Date.now() + expires,
    }),
  );
  const { terminal } = session;
  if (terminal.json) terminal.printJson({ key, ...shown(row) });
  else {
    terminal.print(key);
    terminal.note(`this is shown once: keep it as you keep passwords. ${name} may ${scope.join(', ')}`);
  }
  return EXIT.fine;
}

function listCommand(world: World): Command {
  return readingCommand('list', {
    summary: 'list keys, the newest first',
    examples: [['keys list', 'what each may do, and whether it holds']],
  }).action((_options: object, command: Command) => runAction(world, command, list));
}

async function list(session: Session): Promise<ExitCode> {
  const { terminal } = session;
  const rows = await withStore(session, ({ store }) => store.apiKeys.list());
  if (terminal.json) terminal.printJson(rows.map(shown));
  else if (rows.length === 0) terminal.print('there are none: sluice keys create my-app --scope ask,feedback');
  else for (const line of tableLines(rows, COLUMNS)) terminal.print(line);
  return EXIT.fine;
}

const COLUMNS = [
  { heading: 'name', cell: ({ name }: ApiKeyRow) => name },
  { heading: 'id', cell: ({ keyId }: ApiKeyRow) => keyId },
  { heading: 'may', cell: ({ scopes }: ApiKeyRow) => scopes.join(', ') },
  { heading: 'owner', cell: ({ owner }: ApiKeyRow) => owner },
  { heading: 'since', cell: ({ createdAt }: ApiKeyRow) => day(createdAt) },
  { heading: 'until', cell: ({ expiresAt }: ApiKeyRow) => (expiresAt === null ? null : day(expiresAt)) },
  { heading: 'state', cell: (row: ApiKeyRow) => stateOf(row) },
];

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

function stateOf({ revokedAt, isExpired }: ApiKeyRow): string {
  if (revokedAt !== null) return `revoked ${day(revokedAt)}`;
  return isExpired ? 'expired' : 'holds';
}

/** Without the hash: nobody has use for it. */
const shown = ({ secretHash: _, ...row }: ApiKeyRow) => row;

function revokeCommand(world: World): Command {
  return readingCommand('revoke', {
    summary: 'end a key: servers refuse it within two seconds',
    examples: [['keys revoke my-app --why "it was in a log"', 'for good']],
  })
    .argument('<key>', 'its name, or its id')
    .option('--why <text>', 'the reason, for the audit', 'said from the command line')
    .action((given: string, { why }: { readonly why: string }, command: Command) =>
      runAction(world, command, (session) => revoke(session, given, why)),
    );
}

async function revoke(session: Session, given: string, why: string): Promise<ExitCode> {
  const { terminal, environment } = session;
  const isRevoked = await withStore(session, ({ store }) => store.apiKeys.revoke(given, userName(environment), why));
  if (terminal.json) terminal.printJson({ key: given, isRevoked });
  else terminal.print(isRevoked ? `✔ ${given} is revoked` : `${given} was revoked before`);
  return EXIT.fine;
}
