/**
 * The completion script of each shell. It asks this program for the words, so it fits every version of it. Where the
 * program knows none, the shell offers files.
 */
export const SCRIPTS = {
  bash: `_zoom_tokens() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(zoom-tokens __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _zoom_tokens zoom-tokens`,

  zsh: `#compdef zoom-tokens
_zoom_tokens() {
  local -a candidates
  candidates=("\${(@f)$(zoom-tokens __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("\${(@)candidates//:/\\\\:}")
  candidates=("\${(@)candidates/$'\\t'/:}")
  if [[ -z $candidates[1] ]]; then _files; else _describe 'zoom-tokens' candidates; fi
}
compdef _zoom_tokens zoom-tokens`,

  fish: `function __zoom_tokens_complete
  set -l words (commandline -opc) (commandline -ct)
  set -e words[1]
  set -l candidates (zoom-tokens __complete -- $words 2>/dev/null)
  if set -q candidates[1]
    printf '%s\\n' $candidates
  else
    __fish_complete_path $words[-1]
  end
end
complete -c zoom-tokens -k -f -a '(__zoom_tokens_complete)'`,
} as const;

export type Shell = keyof typeof SCRIPTS;
