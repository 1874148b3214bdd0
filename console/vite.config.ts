import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The server that `npm run dev` talks to. */
const server = process.env.FOOTFALL_SERVER ?? 'http://127.0.0.1:7340';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // Everything is a file of our own origin: the page's policy forbids inline scripts and data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What the licences of the packages in the bundle ask for.
    license: { fileName: 'licenses.txt' },
    sourcemap: false,
    chunkSizeWarningLimit: 1200,
  },
  server: {
    port: 7341,
    proxy: {
      // The server compares Origin with Host, so both must name it.
      '/api': { target: server, changeOrigin: true, headers: { origin: server } },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
