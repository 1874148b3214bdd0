import { EmptyState } from '../../ui/EmptyState.tsx';
import { useText } from '../../ui/language.tsx';
import { Page } from '../../ui/Page.tsx';
import { ExploreTable } from './ExploreTable.tsx';
import { exploreRoute } from './route.tsx';
import { explorerOf } from './tables.ts';

/** Which ones exactly? */
export function Explore() {
  const text = useText();
  const { table } = exploreRoute.useParams();
  const explorer = explorerOf(table);
  if (explorer === undefined) {
    return (
      <Page title={text('explorers.title')}>
        <EmptyState icon="search" text={text('explorers.unknown_table')} />
      </Page>
    );
  }
  // Another table is another list: nothing of the former one stays.
  return <ExploreTable key={table} explorer={explorer} />;
}
