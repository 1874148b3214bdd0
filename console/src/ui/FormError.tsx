import { ErrorFace } from './ErrorFace.tsx';

/** Why a form was refused; nothing while all is well. */
export function FormError({ error }: { error: Error | null }) {
  return error === null ? null : <ErrorFace error={error} />;
}
