import { datadogRum } from 'dd-rum-6';
import { open } from './page.ts';

open(datadogRum);
