/** How a monitor's alert has changed, and who has started and stopped it: the parts of its screen that are tables. */
import { deliveryText, evidenceText } from '../monitor/window.ts';
import type { AuditRow } from '../store/experiments.ts';
import type { AlertRow } from '../store/monitors-alerts.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { showTime } from './text.ts';

export function printHistory(terminal: Terminal, alerts: readonly AlertRow[], history: readonly AuditRow[]): void {
  const { room } = terminal;
  terminal.print();
  if (alerts.length === 0) terminal.print('its alert has never changed');
  else
    for (const line of tableLines(
      alerts,
      [
        { heading: 'alert at', cell: ({ at }) => showTime(at) },
        { heading: 'change', cell: ({ was, isNow }) => `${was} → ${isNow}` },
        { heading: 'decided from', cell: ({ evidence }) => evidenceText(evidence), isFlexible: true },
        { heading: 'told', cell: (alert) => deliveryText(alert) ?? showTime(alert.deliveredAt), isFlexible: true },
      ],
      room,
    ))
      terminal.print(line);
  terminal.print();
  for (const line of tableLines(
    history,
    [
      { heading: 'at', cell: ({ at }) => showTime(at) },
      { heading: 'by', cell: ({ who }) => who },
      { heading: 'what', cell: ({ action }) => action },
      { heading: 'why', cell: ({ why }) => why, isFlexible: true },
    ],
    room,
  ))
    terminal.print(line);
}
