import { datadogRum } from 'dd-rum-5';
import { open } from './page.ts';

// Feature flags were experimental then.
open(datadogRum, { more: { enableExperimentalFeatures: ['feature_flags'] } });
