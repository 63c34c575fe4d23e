import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { root } from './command.js';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowJs: true,
  checkJs: true,
  strict: true,
  // A parameter in JavaScript has no type to be told.
  noImplicitAny: false,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

/**
 * What the compiler finds wrong with JavaScript, as an editor would show it: by the declarations that were built, which users
 * get, not by the workspace's sources.
 */
export const typeErrors = (files: readonly string[]): string[] => {
  const program = ts.createProgram(files, OPTIONS);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line : 0;
    const text = file ? readFileSync(file.fileName, 'utf8').split('\n')[line] : '';
    const message = ts.flattenDiagnosticMessageText(messageText, '\n');
    return `${file ? relative(root, file.fileName) : ''}: ${text?.trim()}\n${message}`;
  });
};
