// Prints what a browser downloads, compressed, and fails when the first screen outgrows its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 400_000;
const assets = new URL('../dist/assets/', import.meta.url);
const html = readFileSync(new URL('../dist/index.html', import.meta.url), 'utf8');

let first = 0;
for (const name of readdirSync(assets).sort()) {
  const bytes = gzipSync(readFileSync(new URL(name, assets))).length;
  const isFirst = html.includes(name);
  if (isFirst) first += bytes;
  console.log(`${isFirst ? '*' : ' '} ${(bytes / 1000).toFixed(1).padStart(8)} kB  ${name}`);
}
console.log(`first screen (*): ${(first / 1000).toFixed(1)} kB of ${BUDGET_BYTES / 1000} kB gzip`);
if (first > BUDGET_BYTES) process.exit(1);
