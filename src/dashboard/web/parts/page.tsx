/** The frame of a screen: its title, what belongs beside it, and what it shows. */
import { type ReactNode, useEffect } from 'react';

interface PageProps {
  readonly title: string;
  /** Under the title, in a few words. */
  readonly about?: ReactNode;
  /** Buttons, to the right of the title. */
  readonly actions?: ReactNode;
  /** The command that prints what the screen shows. */
  readonly command?: string;
  readonly children: ReactNode;
}

export function Page({ title, about, actions, command, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  return (
    <main id="main" className="page" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {about && <div className="muted">{about}</div>}
        </div>
        <div className="actions">{actions}</div>
      </header>
      {children}
      {command && (
        <footer className="page-foot muted">
          In the terminal: <code>{command}</code>
        </footer>
      )}
    </main>
  );
}
