// Finds text that people see and the catalogue does not know, and messages whose languages do not fit together.
//
// Text is: what stands between tags, and the attributes below, when it has a letter in it. A line with `catalogue-ok: reason`
// on it or above it is left alone: names of products and formats are the same in every language.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = new URL('../', import.meta.url).pathname;
const SEEN = new Set([
  'aria-label',
  'aria-description',
  'alt',
  'label',
  'placeholder',
  'title',
  'description',
  'suffix',
]);
/** The same in every language. */
const NAMES = new Set(['npm', 'nginx', 'Caddy', 'Esc', 'LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'SQL', 'CSV', 'PNG', 'UTC']);
const LETTER = /\p{L}{2,}/u;
/** A half-width mark on a Chinese word, or on a parameter in front of one: Chinese has marks of its own. */
const HALF_WIDTH = /\p{Script=Han}[,:;?!(]|\p{Script=Han}\)|[,;]\p{Script=Han}|\}[,:;]\p{Script=Han}/u;
const problems = [];

function files(folder, ending) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

function parse(path) {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function report(source, node, message) {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  const lines = source.text.split('\n');
  if ([lines[line], lines[line - 1]].some((text) => text?.includes('catalogue-ok:'))) return;
  problems.push(`${relative(root, source.fileName)}:${line + 1} ${message}`);
}

function isForeign(text) {
  const words = text.trim();
  // A path, an address, a name in code: no sentence.
  return LETTER.test(words) && !NAMES.has(words) && !/^(https?:|[/.#])|[_=:/]/.test(words);
}

function textsIn(expression) {
  if (ts.isStringLiteral(expression) || ts.isNoSubstitutionTemplateLiteral(expression)) return [expression];
  if (ts.isConditionalExpression(expression))
    return [...textsIn(expression.whenTrue), ...textsIn(expression.whenFalse)];
  if (ts.isBinaryExpression(expression)) return [...textsIn(expression.left), ...textsIn(expression.right)];
  if (ts.isTemplateExpression(expression))
    return [expression.head, ...expression.templateSpans.map((span) => span.literal)];
  return [];
}

function checkComponent(path) {
  const source = parse(path);
  const visit = (node) => {
    if (ts.isJsxText(node) && isForeign(node.text))
      report(source, node, `text outside the catalogue: ${node.text.trim()}`);
    if (ts.isJsxAttribute(node) && SEEN.has(node.name.getText(source)) && node.initializer !== undefined) {
      const value = ts.isJsxExpression(node.initializer) ? node.initializer.expression : node.initializer;
      for (const text of value === undefined ? [] : textsIn(value)) {
        if (isForeign(text.text))
          report(source, text, `${node.name.getText(source)} outside the catalogue: ${text.text}`);
      }
    }
    if (ts.isJsxExpression(node) && node.expression !== undefined && !ts.isJsxAttribute(node.parent)) {
      for (const text of textsIn(node.expression)) {
        if (isForeign(text.text) && text.text.includes(' '))
          report(source, text, `text outside the catalogue: ${text.text}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

const used = new Set();
const messages = new Map();

function checkArea(path) {
  const source = parse(path);
  const visit = (node) => {
    if (
      ts.isPropertyAssignment(node) &&
      ts.isStringLiteral(node.name) &&
      ts.isObjectLiteralExpression(node.initializer)
    ) {
      const key = node.name.text;
      const languages = {};
      for (const property of node.initializer.properties) {
        if (ts.isPropertyAssignment(property) && ts.isStringLiteralLike(property.initializer)) {
          languages[property.name.getText(source)] = property.initializer.text;
        }
      }
      checkMessage(source, node, key, languages);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

function checkMessage(source, node, key, { en, zh }) {
  messages.set(key, node);
  if (!en?.trim()) report(source, node, `${key} has no English`);
  if (!zh?.trim()) report(source, node, `${key} has no Chinese`);
  const names = (text) =>
    [...new Set([...(text ?? '').matchAll(/\{([^{}:]*)/g)].map((match) => match[1]))].sort().join(', ');
  const half = HALF_WIDTH.exec(zh ?? '');
  if (half !== null) report(source, node, `${key} has a half-width mark in Chinese: ${half[0]}`);
  // A plural form of one language is no parameter that the other lacks.
  if (names(en) !== names(zh))
    report(source, node, `${key} names {${names(en)}} in English and {${names(zh)}} in Chinese`);
}

for (const path of files(join(root, 'src/lib/text/areas'), '.ts')) checkArea(path);
for (const path of files(join(root, 'src'), '.tsx')) checkComponent(path);
for (const path of [...files(join(root, 'src'), '.ts'), ...files(join(root, 'src'), '.tsx')]) {
  if (path.includes('/lib/text/areas/')) continue;
  for (const match of readFileSync(path, 'utf8').matchAll(/['"`]([a-z]+\.[a-z0-9_.]+)['"`]/g)) used.add(match[1]);
}
for (const key of messages.keys()) {
  if (!used.has(key)) problems.push(`${key} is used nowhere`);
}

for (const problem of problems) console.error(problem);
console.log(`${messages.size} messages in English and Chinese, ${problems.length} problems`);
if (problems.length > 0) process.exit(1);
