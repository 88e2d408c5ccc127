# Completion of jobato for fish. Save it: jobato completion fish > ~/.config/fish/completions/jobato.fish
function __jobato_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if test "$lines" = :files
        __fish_complete_path (commandline -ct)
    else if test -n "$lines"
        printf '%s\n' $lines
    end
end
complete -c jobato -f -a '(__jobato_complete)'
