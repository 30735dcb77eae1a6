/** An address that is no screen. */
import { Link } from 'wouter';
import { Page } from '../parts/page.tsx';

export default function NotFound() {
  return (
    <Page title="Nothing is here" command="sluice --help">
      <p>
        This address is no screen of the dashboard. <Link href="/runs">All runs</Link> are a place to begin.
      </p>
    </Page>
  );
}
