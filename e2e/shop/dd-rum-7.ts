import { datadogRum } from 'dd-rum-7';
import { open } from './page.ts';

open(datadogRum);
