/** Where one can go. Where there is little room it is a menu, opened by a button. */
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Link, useLocation, useRoute } from 'wouter';
import { homeOf, isFor } from './places.ts';
import { SCREENS, type Screen } from './screens.ts';
import { leave, type Session } from './session.tsx';
import { nextTheme, useTheme } from './theme.ts';

const PLACES = SCREENS.filter(({ label }) => label !== undefined);

export function Navigation({ session }: { readonly session: Session }) {
  const theme = useTheme();
  const places = PLACES.filter(({ path }) => isFor(session, path));
  const [address] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has gone somewhere is done with it
  useEffect(() => setOpen(false), [address]);
  const onKeyDown = ({ key }: KeyboardEvent) => {
    if (key !== 'Escape' || !isOpen) return;
    setOpen(false);
    button.current?.focus();
  };
  return (
    <nav className={isOpen ? 'nav open' : 'nav'} aria-label="Screens" onKeyDown={onKeyDown}>
      <Link href={homeOf(session)} className="brand">
        Sluice
      </Link>
      <button
        type="button"
        ref={button}
        className="nav-button"
        aria-expanded={isOpen}
        aria-controls="places"
        onClick={() => setOpen(!isOpen)}
      >
        <Here places={places} /> <span aria-hidden="true">{isOpen ? '▴' : '▾'}</span>
      </button>
      <div id="places" className="nav-places">
        <ul>
          {places.map((screen) => (
            <Place key={screen.path} screen={screen} />
          ))}
        </ul>
        <div className="nav-foot">
          {session.scopes.includes('read') && (
            <a className="place" href={session.temporalUi} target="_blank" rel="noreferrer">
              Temporal UI
            </a>
          )}
          <a className="place" href="/docs">
            API
          </a>
          <button type="button" onClick={nextTheme}>
            Theme: {theme}
          </button>
          <button type="button" onClick={() => void leave()} title={`Signed in with the key ${session.name}`}>
            Sign out
          </button>
        </div>
      </div>
    </nav>
  );
}

/** Which place this is, for the button that opens the others. */
function Here({ places }: { readonly places: readonly Screen[] }) {
  const [address] = useLocation();
  const here = places.find(({ path }) => address === path || address.startsWith(`${path}/`));
  return (
    <>
      <span className="visually-hidden">Screens, here: </span>
      {here?.label ?? 'Screens'}
    </>
  );
}

function Place({ screen: { path, label } }: { readonly screen: Screen }) {
  const [isHere] = useRoute(`${path}/*?`);
  return (
    <li>
      <Link href={path} className="place" aria-current={isHere ? 'page' : undefined}>
        {label}
      </Link>
    </li>
  );
}
