import { openobserveRum } from 'openobserve-rum';
import { open } from './page.ts';

open(openobserveRum, {
  native: (collector) => ({
    site: collector.host,
    insecureHTTP: collector.protocol === 'http:',
    organizationIdentifier: 'default',
    apiVersion: 'v1',
  }),
});
