/** Where traces are sent, by the names that OpenTelemetry's own programs read, and what of them by names of ours. */
import { z } from 'zod';
import { createSecret, type Secret } from '../base/secret.ts';

export interface TraceConfig {
  /** Of the receiver, for spans: `http://localhost:4318/v1/traces`. */
  readonly url: string;
  /** Names and values, as `parsePairs` reads them. */
  readonly headers?: Secret;
  readonly serviceName: string;
  /** Further attributes of the sender. */
  readonly resource: readonly (readonly [name: string, value: string])[];
  /** Whether inputs, outputs, prompts and answers go along. */
  readonly hasContent: boolean;
  /** The part of the runs that is sent, from 0 to 1; those that failed all are. */
  readonly share: number;
}

const address = z
  .url({ protocol: /^https?$/ })
  .refine((given) => !URL.parse(given)?.username, 'leave user and password out of the address: use the headers');
const pairs = z
  .string()
  .max(10_000)
  .refine((text) => parsePairs(text) !== undefined, 'it is no list such as: name=value,other=value');

/** For the environment's schema. */
export const TRACE_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: address.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: address.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.optional(),
  OTEL_SERVICE_NAME: z.string().min(1).max(200).default('sluice'),
  OTEL_RESOURCE_ATTRIBUTES: pairs.default(''),
  SLUICE_TRACE_CONTENT: z.enum(['on', 'off']).default('off'),
  SLUICE_TRACE_SAMPLE: z.coerce.number().min(0).max(1).default(1),
} as const;

/** Nothing where no receiver is named. */
export function traceConfigOf(env: z.infer<z.ZodObject<typeof TRACE_SETTINGS>>): { readonly traces?: TraceConfig } {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_HEADERS: headers } = env;
  const url = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`);
  if (url === undefined) return {};
  const traces: TraceConfig = {
    ...{ url, serviceName: env.OTEL_SERVICE_NAME, resource: parsePairs(env.OTEL_RESOURCE_ATTRIBUTES)! },
    ...{ hasContent: env.SLUICE_TRACE_CONTENT === 'on', share: env.SLUICE_TRACE_SAMPLE },
    ...(headers !== undefined && { headers: createSecret(headers) }),
  };
  return { traces: Object.freeze(traces) };
}

/** `name=value,other=value`, both percent-encoded where they need be; undefined where it is none. */
export function parsePairs(text: string): readonly (readonly [string, string])[] | undefined {
  try {
    return text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        const name = decodeURIComponent(pair.slice(0, Math.max(at, 0)).trim());
        if (name === '') throw new Error('no name');
        return [name, decodeURIComponent(pair.slice(at + 1).trim())] as const;
      });
  } catch {
    return undefined;
  }
}
