import { Tabs } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Code } from '../../ui/Code.tsx';
import { useText } from '../../ui/language.tsx';
import { Panel } from '../../ui/Panel.tsx';
import classes from './Onboarding.module.css';
import { caddyLines, cspLine, FIRST_PARTY_PATH, nginxLines } from './recipes.ts';
import { onboardingRoute, RECIPES, type Recipe, type Via } from './route.tsx';
import type { SdkId } from './sdks.ts';
import { formOf, type Values } from './snippet.ts';

/** What lies between page and server: policies and proxies. */
export function Recipes({ sdk, via, recipe, values }: { sdk: SdkId; via: Via; recipe: Recipe; values: Values }) {
  const text = useText();
  const navigate = useNavigate({ from: onboardingRoute.fullPath });
  const form = formOf(sdk);
  if (form === undefined) return null;
  return (
    <Panel isFlush>
      <Tabs
        value={recipe}
        onChange={(value) => {
          const chosen = RECIPES.find((one) => one === value);
          void navigate({ search: (before) => ({ ...before, recipe: chosen }), replace: true });
        }}
      >
        <Tabs.List>
          <Tabs.Tab className={classes.tab ?? ''} value="csp">
            {text('onboarding.csp')}
          </Tabs.Tab>
          <Tabs.Tab className={classes.tab ?? ''} value="path">
            {text('onboarding.first_party')}
          </Tabs.Tab>
          <Tabs.Tab className={classes.tab ?? ''} value="proxy">
            {text('onboarding.trusted_proxies')}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="csp" className={classes.inside ?? ''}>
          <div className={classes.stack}>
            <p className={classes.hint}>{text('onboarding.csp_lead')}</p>
            <Code
              label={text('onboarding.csp')}
              text={cspLine(values.server, via === 'script' ? form.script : undefined)}
              isWrapped
            />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="path" className={classes.inside ?? ''}>
          <div className={classes.stack}>
            <p className={classes.hint}>{text('onboarding.first_party_lead', { path: FIRST_PARTY_PATH })}</p>
            <Code label="nginx" text={nginxLines(values.server)} />
            <Code label="Caddy" text={caddyLines(values.server)} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="proxy" className={classes.inside ?? ''}>
          <div className={classes.stack}>
            <p className={classes.hint}>{text('onboarding.trusted_lead')}</p>
            <Code
              label={text('onboarding.trusted_proxies')}
              text="FOOTFALL_TRUSTED_PROXIES=127.0.0.0/8,10.0.0.0/8,203.0.113.10/32"
            />
          </div>
        </Tabs.Panel>
      </Tabs>
    </Panel>
  );
}
