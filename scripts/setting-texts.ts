/** What each variable of the environment sets, for docs/reference/configuration.md. */
import type { Environment } from '../src/config/config-environment.ts';

interface SettingText {
  readonly what: string;
  /** What holds where the variable is not set and has no default. */
  readonly unset?: string;
}

export const SETTING_TEXTS: { readonly [Name in keyof typeof Environment.shape]: SettingText } = {
  DATABASE_URL: { what: 'PostgreSQL with pgvector.', unset: 'embedded' },
  TEMPORAL_ADDRESS: { what: 'Address of a Temporal server.', unset: 'embedded' },
  TEMPORAL_NAMESPACE: { what: 'Namespace on the Temporal server.', unset: '`default`' },
  TEMPORAL_PROFILE: { what: 'Profile of the Temporal configuration.' },
  TEMPORAL_CONFIG_FILE: { what: 'File with Temporal profiles.' },
  OPENAI_API_KEY: { what: 'Key for models named `openai/…`, and for compatible servers.' },
  OPENAI_BASE_URL: {
    what:
      "Any server that speaks OpenAI's protocol, with its path: `http://localhost:11434/v1`. It needs no `OPENAI_API_KEY`. " +
      'Where `CO_API_KEY` is not set, the variant `own-server` of a pipeline runs.',
    unset: "OpenAI's own",
  },
  CO_API_KEY: { what: 'Key for models named `cohere/…`.' },
  COHERE_BASE_URL: { what: "Another address for Cohere's API.", unset: "Cohere's own" },
  SLUICE_PRICES: {
    what:
      'Dollars per million tokens, or per thousand searches: ' +
      '`openai/my-model:input=0.2,output=0.8;cohere/*:search=2`.',
    unset: "a catalogue's",
  },
  SLUICE_TEMPORAL_CLI: { what: 'Temporal program for the embedded server.', unset: 'found or downloaded' },
  SLUICE_TEMPORAL_UI: { what: 'Where people open the Temporal UI.', unset: 'beside the server' },
  SLUICE_TEMPORAL_PORT: { what: 'Port of the embedded Temporal server.', unset: '7233, or a free one' },
  SLUICE_TEMPORAL_UI_PORT: { what: 'Port of the UI of the embedded Temporal server.', unset: '8233, or a free one' },
  SLUICE_DATABASE_PORT: {
    what:
      'Serves the embedded database on this port of 127.0.0.1, without a password: any local user can then read and ' +
      'change it.',
    unset: 'a Unix socket of its owner',
  },
  SLUICE_CACHE: { what: 'Folder for downloaded programs and built bundles.', unset: '`.sluice/cache`' },
  SLUICE_QUEUE_PREFIX: { what: 'Prefix of the task queues: `<prefix>-run`, `-eval`, `-control`.' },
  SLUICE_CONCURRENCY: { what: 'Calls that one worker runs at a time.' },
  SLUICE_EVAL_CONCURRENCY: { what: 'Calls that one worker runs at a time for evaluations.' },
  SLUICE_CACHED_RUNS: { what: 'Runs that one worker keeps in memory.' },
  SLUICE_RUN_DEADLINE_MS: { what: 'A run without an output after this time fails.' },
  SLUICE_QUEUE_LIMIT_MS: { what: 'A call that no worker takes within this time fails.' },
  SLUICE_BUDGET_USD: { what: 'Most dollars that one run may cost. `--budget-usd` sets it for one run.' },
  SLUICE_LIMITS: {
    what:
      'How often all workers together may call providers: ' +
      '`openai/*:rpm=60,tpm=90000,concurrency=8;cohere/rerank-v3.5:rpm=10`.',
  },
  SLUICE_LIMIT_WAIT_MS: {
    what:
      'A call that would wait longer for its rate limit fails for now, and is tried again at its time. Calls of ' +
      'evaluations wait up to 10 minutes.',
  },
  SLUICE_INGEST_HOSTS: {
    what:
      'Hosts that `ingest --list` may read pages from, besides this machine: `docs.example.com,intranet:8080,10.0.0.8`. ' +
      'A name with a private address needs that address in the list too.',
  },
  SLUICE_SINK_KEY: {
    what: 'Signs drafts that workers send to the API; at least 32 characters, the same on both sides.',
    unset: 'a key file of the folder',
  },
  SLUICE_SINK_LISTEN: { what: 'Where a process that shows drafts receives them from workers.' },
  SLUICE_SINK_URL: { what: 'Address of that process as workers reach it.', unset: 'the listening address' },
  SLUICE_HTTP_LISTEN: { what: 'Where `sluice serve` listens.' },
  SLUICE_HTTP_ORIGINS: { what: 'Origins whose pages may call the API: `https://app.example.com`.' },
  SLUICE_HTTP_PROXIES: {
    what:
      'Addresses and networks of proxies whose `X-Forwarded-Proto` is trusted, so that cookies are `Secure` behind TLS: ' +
      '`10.0.0.0/8`.',
  },
  SLUICE_HTTP_RATE: { what: 'Requests per second of one key.' },
  SLUICE_HTTP_RUNS: { what: 'Runs that one server waits for at a time. More get 429.' },
  SLUICE_HTTP_WAIT_MS: { what: 'A run that takes longer is answered with 202 and its id.' },
  SLUICE_REDACT: {
    what:
      'What is removed from texts before they are kept: `all`, or a list of `private-key`, `url-credentials`, `jwt`, ' +
      '`api-key`, `bearer-token`, `assigned-secret`, `email`, `iban`, `credit-card`, `us-ssn`, `phone`, `ip`.',
    unset: 'off',
  },
  SLUICE_REDACT_FIELDS: { what: 'Fields that are removed, whatever they hold: `ssn,customer.email,*.birthday`.' },
  SLUICE_REDACT_PATTERNS: { what: 'Patterns of your own, in RE2 syntax: `{"employee": "EMP-\\\\d{6}"}`.' },
  SLUICE_RETENTION_DAYS: {
    what: 'Days for which runs keep their input and output. Their numbers are kept.',
    unset: 'for ever',
  },
  SLUICE_SHUTDOWN_GRACE_MS: { what: 'Time that a stopping worker gives to its running calls.' },
  SLUICE_ENCRYPTION_KEYS: {
    what: 'Encrypts what Temporal stores: `id:base64-of-32-bytes`, separated by commas. The first key encrypts, all decrypt.',
    unset: 'off',
  },
  SLUICE_ALERT_WEBHOOK: { what: "Address that gets monitors' alerts, as signed Standard Webhooks." },
  SLUICE_ALERT_SECRET: { what: 'Secret that signs alerts: 24 characters or more, or base64 behind `whsec_`.' },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    what: 'Receiver of traces, by OTLP over HTTP with protobuf: `http://localhost:4318`.',
    unset: 'traces are not sent',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { what: 'The whole address, for traces alone.', unset: '`…/v1/traces`' },
  OTEL_EXPORTER_OTLP_HEADERS: { what: 'Headers of those requests, such as `authorization=Bearer%20…`.' },
  OTEL_SERVICE_NAME: { what: 'Service name in the traces.' },
  OTEL_RESOURCE_ATTRIBUTES: { what: 'More attributes of the service, such as `openinference.project.name=docs`.' },
  SLUICE_TRACE_CONTENT: { what: '`on` sends inputs, outputs, prompts, answers and notes with traces.' },
  SLUICE_TRACE_SAMPLE: { what: 'Share of runs whose traces are sent. Traces of failed runs are always sent.' },
  SLUICE_BUILD_ID: { what: "Build id for Temporal's Worker Versioning." },
  SLUICE_WORKER_VERSIONING: { what: "Temporal's Worker Versioning, for rollouts of code." },
  SLUICE_LOG: { what: "Log level of Temporal's library." },
};
