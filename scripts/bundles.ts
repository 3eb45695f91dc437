// `npm run bundles` is `npm run size` and `npm run sbom`, which take nearly all of their time for bundling the same functions.
await import('./size.ts');
await import('./sbom.ts');
