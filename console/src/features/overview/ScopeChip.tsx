import { ActionIcon } from '@mantine/core';
import { Icon } from '../../ui/Icon.tsx';
import { useText } from '../../ui/language.tsx';
import { Tag } from '../../ui/Tag.tsx';
import classes from './ScopeChip.module.css';

/** What the server filters by while only people count. */
export const PEOPLE = 'session_type:user -bot:true';

/** Whom the screen counts: people only, until somebody wants the machines too. */
export function ScopeChip({
  include,
  onChange,
}: {
  include: 'bots' | undefined;
  onChange: (include: 'bots' | undefined) => void;
}) {
  const text = useText();
  const isPeople = include === undefined;
  const action = text(isPeople ? 'overview.include_bots' : 'overview.only_people');
  return (
    <Tag>
      <Icon name={isPeople ? 'person' : 'people'} size={14} />
      {text(isPeople ? 'overview.people_only' : 'overview.with_bots')}
      {isPeople && <span className={classes.filter}>{PEOPLE}</span>}
      <ActionIcon
        variant="transparent"
        size={20}
        color="gray"
        aria-label={action}
        title={action}
        onClick={() => onChange(isPeople ? 'bots' : undefined)}
      >
        <Icon name="close" size={12} />
      </ActionIcon>
    </Tag>
  );
}
