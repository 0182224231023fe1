import { kebab } from './flags.ts';
import type { Command, Settings } from './setting.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script for a shell that completes the commands, their flags, and the values of those that have few. */
export function completions(shell: Shell, commands: readonly Command<Settings>[]): string {
  return {
    bash,
    zsh: (all: typeof commands) => `autoload -U +X bashcompinit && bashcompinit\n${bash(all)}`,
    fish,
  }[shell](commands);
}

function bash(commands: readonly Command<Settings>[]): string {
  const names = commands.map(nameOf);
  const flags = commands.map((command) => `    ${nameOf(command)}) words="${flagsOf(command).join(' ')}" ;;`);
  const values = commands.flatMap((command) =>
    choicesOf(command).map(
      ([flag, choices]) => `    '${nameOf(command)} ${flag}') words="${choices.join(' ')}" ;;`,
    ),
  );
  return `_tapelake() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "\${COMP_WORDS[1]}" in
${flags.join('\n')}
  esac
  case "\${COMP_WORDS[1]} $before" in
${values.join('\n')}
  esac
  if [ "$COMP_CWORD" = 1 ]; then words="${names.join(' ')} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _tapelake tapelake
`;
}

function fish(commands: readonly Command<Settings>[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => {
    const name = nameOf(command);
    const isGiven = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c tapelake -n __fish_use_subcommand -f -a ${name} -d ${quoted(command.summary)}`,
      ...Object.entries(command.settings).map(([field, { help, value, choices }]) => {
        const takes = choices ? ` -x -a ${quoted(choices.join(' '))}` : value === undefined ? '' : ' -r';
        return `complete -c tapelake ${isGiven} -l ${kebab(field)}${takes} -d ${quoted(help)}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}

const nameOf = ({ name }: Command<Settings>): string => name.slice(name.lastIndexOf(' ') + 1);

const flagsOf = ({ settings }: Command<Settings>): string[] => [
  ...Object.keys(settings).map((field) => `--${kebab(field)}`),
  '--help',
  '--version',
];

function choicesOf({ settings }: Command<Settings>): [flag: string, choices: readonly string[]][] {
  return Object.entries(settings).flatMap(([field, { choices }]) =>
    choices === undefined ? [] : [[`--${kebab(field)}`, choices]],
  );
}
