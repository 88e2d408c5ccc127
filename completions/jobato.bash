# Completion of jobato for bash. Load it in ~/.bashrc: source <(jobato completion bash)
_jobato() {
  local rest=${COMP_LINE:0:COMP_POINT} trimmed word stem value i
  local -a words=()
  # Bash divides words at characters such as : and =. Join those without a space in between.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    word=${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then word=$trimmed; fi
    if ((i > 1)) && [[ $trimmed == "$rest" ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    rest=${trimmed#"$word"}
  done
  word=${words[${#words[@]} - 1]}
  # Bash replaces only the part behind the last of these characters.
  stem=${word%"${word##*["$COMP_WORDBREAKS"]}"}
  COMPREPLY=()
  compopt -o nosort 2>/dev/null
  while IFS=$'\t' read -r value _; do
    if [[ $value == :files ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    value=${value#"$stem"}
    # Names come from projects and runs: none may become code.
    [[ -z $value ]] || COMPREPLY+=("$(printf %q "$value")")
  done < <("${words[0]/#\~/$HOME}" __complete -- "${words[@]:1}" 2>/dev/null)
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _jobato jobato
