/**
 * The exact form of an SDK that is to send to this server, with the application's real values.
 *
 * - Datadog 5 to 7 and Flashduty: `site` always means https there (and for Datadog a host name with a prefix), so a server that is
 *   reached over http, or under its own name, is named by `proxy`. As a text it takes any path: the target goes along in the
 *   parameter `ddforward`.
 * - OpenObserve: `site` is the host as it stands, port included, and `insecureHTTP` chooses http; no proxy is needed.
 */
import type { SdkId } from './sdks.ts';

export interface Values {
  /** Where the page reaches the server: `https://rum.example.com`, or a path of the page's own site. */
  server: string;
  appId: string;
  token: string;
  service: string;
}

export interface Line {
  text: string;
  /** What differs from an installation that sends elsewhere. */
  isMarked: boolean;
}

interface Form {
  package: string;
  import: string;
  global: string;
  script: string;
  /** Lines of options that say where to send. */
  target: (server: string) => string[];
}

/** Any path would do; this one says what it is for. */
const FORWARD_PATH = '/forward';

const byProxy = (server: string) => [`proxy: '${server}${FORWARD_PATH}',`];

function datadog(release: 5 | 6 | 7): Form {
  return {
    package: `@datadog/browser-rum@${release}`,
    import: "import { datadogRum } from '@datadog/browser-rum';",
    global: 'DD_RUM',
    script: `https://www.datadoghq-browser-agent.com/us1/v${release}/datadog-rum.js`,
    target: byProxy,
  };
}

const FORMS: Partial<Record<SdkId, Form>> = {
  'datadog-7': datadog(7),
  'datadog-6': datadog(6),
  'datadog-5': datadog(5),
  openobserve: {
    package: '@openobserve/browser-rum@0.4.1',
    import: "import { openobserveRum } from '@openobserve/browser-rum';",
    global: 'OO_RUM',
    script: 'https://browsersdk.openobserve.ai/0.4.1/openobserve-rum.js',
    target: (server) => {
      const url = new URL(server);
      return [
        `site: '${url.host}',`,
        `insecureHTTP: ${url.protocol === 'http:'},`,
        "organizationIdentifier: 'default',",
        "apiVersion: 'v1',",
      ];
    },
  },
  flashduty: {
    package: '@flashcatcloud/browser-rum',
    import: "import { flashcatRum } from '@flashcatcloud/browser-rum';",
    global: 'FC_RUM',
    script: 'https://static.flashcat.cloud/browser-sdk/v0/flashcat-rum.js',
    target: byProxy,
  },
};

export function formOf(sdk: SdkId): Form | undefined {
  return FORMS[sdk];
}

const marked = (text: string): Line => ({ text, isMarked: true });
const plain = (text: string): Line => ({ text, isMarked: false });

function options(form: Form, values: Values): Line[] {
  return [
    plain(`applicationId: '${values.appId}',`),
    plain(`clientToken: '${values.token}',`),
    ...form.target(values.server).map(marked),
    plain(`service: '${values.service}',`),
    plain("env: 'production',"),
    plain("version: '1.0.0',"),
    plain('sessionSampleRate: 100,'),
    plain('trackResources: true,'),
    plain('trackLongTasks: true,'),
    plain('trackUserInteractions: true,'),
  ];
}

const indent = (lines: Line[], by: string): Line[] => lines.map((line) => ({ ...line, text: by + line.text }));

/** For a bundled page. */
export function npmSnippet(form: Form, values: Values): Line[] {
  const name = /\{ (\w+) \}/.exec(form.import)?.[1] ?? '';
  return [plain(form.import), plain(''), plain(`${name}.init({`), ...indent(options(form, values), '  '), plain('});')];
}

/** For a page without a bundler; before its other scripts, so that nothing is missed. */
export function scriptSnippet(form: Form, values: Values): Line[] {
  return [
    plain(`<script src="${form.script}" crossorigin></script>`),
    plain('<script>'),
    plain(`  window.${form.global}?.init({`),
    ...indent(options(form, values), '    '),
    plain('  });'),
    plain('</script>'),
  ];
}

/** To be pasted into the console of a browser that shows the page: a visit without a deployment. */
export function tryOut(form: Form, values: Values): Line[] {
  return [
    plain("const script = document.createElement('script');"),
    plain(`script.src = '${form.script}';`),
    plain(`script.onload = () => window.${form.global}.init({`),
    ...indent(options(form, values), '  '),
    plain('});'),
    plain('document.head.append(script);'),
  ];
}

export function textOf(lines: readonly Line[]): string {
  return lines.map((line) => line.text).join('\n');
}
