/** The frame of a screen: its title, what belongs beside it, and what it shows. */
import { type ReactNode, useEffect } from 'react';
import { Copy } from './copy.tsx';

interface PageProps {
  readonly title: string;
  /** Under the title, in a few words. */
  readonly about?: ReactNode;
  /** Buttons, to the right of the title. */
  readonly actions?: ReactNode;
  /** The command that prints what the screen shows; several, where it has parts that different ones print. */
  readonly command: string | readonly string[];
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
      <footer className="page-foot muted">
        <span>In the terminal:</span>
        <ul>
          {(typeof command === 'string' ? [command] : command).map((line) => (
            <li key={line}>
              <code>{line}</code> <Copy text={() => line} what={`the command ${line}`} />
            </li>
          ))}
        </ul>
      </footer>
    </main>
  );
}
