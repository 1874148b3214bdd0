import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { cssVariablesResolver, theme } from '../theme/mantine.ts';
import { AnnouncerProvider } from '../ui/announcer.tsx';
import { LanguageProvider } from '../ui/language.tsx';
import { usePreferences } from '../ui/preferences.tsx';
import { RefreshProvider } from '../ui/scope.tsx';
import { ShortcutsProvider } from '../ui/shortcuts.tsx';
import { queryClient, router } from './router.tsx';

export function Root() {
  const { language } = usePreferences();
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  }, [language]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      <LanguageProvider value={language}>
        <QueryClientProvider client={queryClient}>
          <RefreshProvider>
            <AnnouncerProvider>
              <ShortcutsProvider>
                <RouterProvider router={router} />
              </ShortcutsProvider>
            </AnnouncerProvider>
          </RefreshProvider>
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  );
}
