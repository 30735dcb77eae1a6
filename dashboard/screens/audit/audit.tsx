/** Who changed what, when, and why. */
import { useSearchParams } from 'wouter';
import { useApi } from '../../api.ts';
import { auditCommand } from '../../commands.ts';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

interface AuditRow {
  readonly at: number;
  readonly who: string;
  readonly action: string;
  readonly subject: string;
  readonly why: string;
}

const COLUMNS: readonly Column<AuditRow>[] = [
  { id: 'at', heading: 'When', cell: ({ at }) => <Moment at={at} /> },
  { id: 'who', heading: 'Who', cell: ({ who }) => who },
  { id: 'action', heading: 'What', cell: ({ action }) => action },
  { id: 'subject', heading: 'Of', cell: ({ subject }) => subject },
  { id: 'why', heading: 'Why', cell: ({ why }) => why, wraps: true },
];

export default function Audit() {
  const [parameters, setParameters] = useSearchParams();
  const subject = parameters.get('subject') ?? '';
  const choose = (next: string) => setParameters(next === '' ? {} : { subject: next }, { replace: true });
  const trail = useApi('listAudit', { query: { subject } });
  return (
    <Page
      title="Audit"
      about="Every change to what is served, with its reason; nothing here can be edited"
      command={auditCommand(subject)}
    >
      <div className="bar">
        <label htmlFor="subject">Of</label>
        <input
          id="subject"
          placeholder="a pipeline, an experiment, a key"
          value={subject}
          onChange={(event) => choose(event.target.value)}
        />
      </div>
      <Loaded query={trail} what="the audit">
        {({ audit }) =>
          audit.length === 0 ? (
            <NoChange subject={subject} />
          ) : (
            <Rows
              rows={audit}
              columns={COLUMNS}
              keyOf={(row) => `${row.at} ${row.action} ${row.subject}`}
              caption="Changes, newest first"
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function NoChange({ subject }: { readonly subject: string }) {
  return subject === '' ? (
    <Empty title="Nothing has been changed yet" command="sluice deploy docs-bot">
      Deployments, experiments, keys and views leave a line here:
    </Empty>
  ) : (
    <Empty title={`No change is of ‘${subject}’`} command={auditCommand('')}>
      Leave the name out to see all of them:
    </Empty>
  );
}
