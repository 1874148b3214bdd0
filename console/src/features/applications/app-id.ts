/** An app_id out of a name: `Seller portal` → `seller_portal`. Empty when nothing of the name fits; the server then makes one up. */
export function appIdOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 64);
}
