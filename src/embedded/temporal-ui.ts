/** Where people look at Temporal: the UI of the embedded server, or of a real one as configured. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from '../config/config.ts';
import { USUAL_PORTS } from './ports.ts';

export interface TemporalUi {
  readonly uiUrl: string;
  readonly namespace: string;
}

/** The UI of a real server: as configured, else where Temporal's own images serve it. */
export function uiOf(config: Config, address: string): string {
  return config.temporalUi ?? `http://${address.split(':')[0]}:${USUAL_PORTS.temporalUi}`;
}

/** The UI of what the config names, or of the embedded server as it usually starts; asks no server. */
export function expectedUi(config: Config): TemporalUi {
  if (!config.temporalConfigured)
    return {
      uiUrl: `http://localhost:${config.ports.temporalUi ?? USUAL_PORTS.temporalUi}`,
      namespace: 'default',
    };
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  return { uiUrl: uiOf(config, connectionOptions.address ?? 'localhost'), namespace };
}

export function workflowUrl({ uiUrl, namespace }: TemporalUi, workflowId: string): string {
  return `${uiUrl}/namespaces/${namespace}/workflows/${workflowId}`;
}
