import { PasswordInput } from '@mantine/core';
import { useText } from './language.tsx';

export const PASSWORD_LENGTH_MIN = 10;

/** A new password: its one rule is its length, and it is said before it is broken. */
export function PasswordField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const text = useText();
  return (
    <PasswordInput
      label={label}
      description={text('access.password_rule', { n: PASSWORD_LENGTH_MIN })}
      autoComplete="new-password"
      minLength={PASSWORD_LENGTH_MIN}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ 'aria-label': text('access.show_password') }}
    />
  );
}
