#!/usr/bin/env node
import module from 'node:module';

// Since Node 22 a second start finds the code compiled; older releases go without.
module.enableCompileCache?.();
await import('../dist/main.js');
