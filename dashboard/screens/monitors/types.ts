/** Monitors as the API gives them. */
import type { ApiAnswer } from '../../../src/contract/api.ts';

export type ListedMonitor = ApiAnswer<'listMonitors'>['monitors'][number];
export type MonitorStatus = ApiAnswer<'getMonitor'>;
export type MonitorView = Omit<ListedMonitor, 'counts'>;
