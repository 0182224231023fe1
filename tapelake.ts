#!/usr/bin/env node
import { UsageError } from './shared/errors.ts';
import { type CommandName, SUMMARIES } from './shared/program/commands.ts';
import { cacheCompiledCode } from './shared/program/compile-cache.ts';
import { completions, SHELLS } from './shared/program/completions.ts';
import { runCommand, runMain } from './shared/program/main.ts';
import { nearest } from './shared/program/nearest.ts';
import type { Command, Settings } from './shared/program/setting.ts';
import { packageVersion } from './shared/program/version.ts';

type Entry = {
  /** Where the command is defined. */
  definition: () => Promise<Command<Settings>>;
  /** Starts it: a main.ts runs when it is imported, and reads its own command line. */
  start: () => Promise<unknown>;
};

const COMPLETIONS = {
  name: 'tapelake completions',
  summary: SUMMARIES.completions,
  usage: 'SHELL',
  example: 'tapelake completions bash > ~/.local/share/bash-completion/completions/tapelake',
  settings: {},
  operands: { value: 'SHELL', help: 'the shell', choices: SHELLS },
};

const COMMANDS: Record<CommandName, Entry> = {
  demo: {
    definition: async () => (await import('./examples/demo/settings.ts')).DEMO,
    start: () => import('./examples/demo/main.ts'),
  },
  record: {
    definition: async () => (await import('./ingest/settings.ts')).RECORD,
    start: () => import('./ingest/main.ts'),
  },
  build: {
    definition: async () => (await import('./aggregate-job/settings.ts')).BUILD,
    start: () => import('./aggregate-job/main.ts'),
  },
  execute: {
    definition: async () => (await import('./aggregate-job/execute/settings.ts')).EXECUTE,
    start: () => import('./aggregate-job/execute/main.ts'),
  },
  simulate: {
    definition: async () => (await import('./simulator/settings.ts')).SIMULATE,
    start: () => import('./simulator/main.ts'),
  },
  completions: { definition: async () => COMPLETIONS, start: printCompletions },
};

cacheCompiledCode();
const [first] = process.argv.slice(2);
const entry =
  first !== undefined && Object.hasOwn(COMMANDS, first) ? COMMANDS[first as CommandName] : undefined; // hasOwn
if (entry) {
  process.argv.splice(2, 1); // what follows is the command's own line
  await entry.start(); // not within runMain: the command sets its own exit code
} else await runMain(async () => answer(first));

async function answer(asked: string | undefined): Promise<number> {
  if (asked !== undefined && !['--help', '-h', '--version'].includes(asked)) {
    const meant = nearest(asked, Object.keys(COMMANDS));
    throw new UsageError(
      `${asked}: unknown command, ${meant === undefined ? 'see tapelake --help' : `did you mean tapelake ${meant}?`}`,
    );
  }
  process.stdout.write(asked === '--version' ? `tapelake ${packageVersion()}\n` : overview());
  return 0;
}

function overview(): string {
  const names = Object.entries(SUMMARIES).map(([name, summary]) => `  ${name.padEnd(13)}${summary}`);
  return `Order-flow bars from raw exchange ticks, as files people can trust.

Usage:   tapelake COMMAND [settings]
Example: tapelake demo

Commands
${names.join('\n')}

tapelake COMMAND --help tells the settings of a command.
`;
}

function printCompletions(): Promise<void> {
  return runCommand(COMPLETIONS, async ({ operands: [asked, ...more] }) => {
    const shell = SHELLS.find((known) => known === asked);
    if (shell === undefined || more.length > 0)
      throw new UsageError(`SHELL: name one of ${SHELLS.join(', ')}`);
    const commands = await Promise.all(Object.values(COMMANDS).map(({ definition }) => definition()));
    process.stdout.write(completions(shell, commands));
    return 0;
  });
}
