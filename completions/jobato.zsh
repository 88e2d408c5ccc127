#compdef jobato
# Completion of jobato for zsh. Load it in ~/.zshrc after compinit: source <(jobato completion zsh)
_jobato() {
  local line value
  local -a lines values more
  lines=("${(@f)$(${~words[1]} __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    if [[ $line == :files ]]; then
      _files
      return
    fi
    value=${line%%$'\t'*}
    values+=("${value//:/\\:}:${line#*$'\t'}")
  done
  ((${#values})) || return 1
  if [[ ${#values} -eq 1 && $value == *= ]]; then more=(-S ''); fi
  _describe -V 'jobato' values "${more[@]}"
}
if [[ ${funcstack[1]} == _jobato ]]; then
  _jobato "$@"
else
  compdef _jobato jobato
fi
