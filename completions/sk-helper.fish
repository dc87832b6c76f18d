# SPDX-License-Identifier: MIT
# fish completion for sk-helper

complete -c sk-helper -f
complete -c sk-helper -n __fish_use_subcommand -l version -d 'the version'
complete -c sk-helper -n __fish_use_subcommand -a get -d 'print a token'
complete -c sk-helper -n __fish_use_subcommand -a add -d 'make a profile and store its client secret'
complete -c sk-helper -n __fish_use_subcommand -a list -d 'show the profiles'
complete -c sk-helper -n __fish_use_subcommand -a doctor -d 'check the keyrings and a server'
complete -c sk-helper -n __fish_use_subcommand -a rotate -d 'replace a client secret'
complete -c sk-helper -n __fish_use_subcommand -a refresh -d 'ask the servers again'
complete -c sk-helper -n __fish_use_subcommand -a erase -d 'forget cached tokens'
complete -c sk-helper -n __fish_use_subcommand -a remove -d 'remove a profile and its client secret'
complete -c sk-helper -n __fish_use_subcommand -a store -d 'make or change a profile from standard input'
complete -c sk-helper -n __fish_use_subcommand -a help -d 'show the commands, or one of them'

complete -c sk-helper -n '__fish_seen_subcommand_from get doctor rotate refresh erase remove' -a '(sk-helper list --names 2>/dev/null)' -d profile
complete -c sk-helper -n '__fish_seen_subcommand_from help' -a 'get add list doctor rotate refresh erase remove store help'
complete -c sk-helper -n '__fish_seen_subcommand_from list' -l json -d 'as a JSON array'
complete -c sk-helper -n '__fish_seen_subcommand_from list' -l names -d 'only the names'

complete -c sk-helper -n '__fish_seen_subcommand_from get' -l format -x -d 'how to print it' -a 'token header-value header mcp-headers curl-config json env'
complete -c sk-helper -n '__fish_seen_subcommand_from get' -l scope -x -d 'ask for these scopes'
complete -c sk-helper -n '__fish_seen_subcommand_from get' -l min-ttl -x -d 'at least so much life left'
complete -c sk-helper -n '__fish_seen_subcommand_from get' -l fresh -d 'a new token, whatever is cached'

complete -c sk-helper -n '__fish_seen_subcommand_from add' -l token-endpoint -x -d 'where tokens come from'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l client-id -x -d 'the OAuth client\'s id'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l scope -x -d 'what to ask for'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l resource -x -d 'the resource that the token is for'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l audience -x -d 'the audience'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l url -x -d 'whom this token may go to'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l auth-method -x -d 'how the client says who it is' -a 'client_secret_post client_secret_basic'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l issuer -x -d 'the authorization server'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l secret-store -x -d 'where the client secret is' -a 'secret-service kernel'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l token-cache -x -d 'where tokens are kept' -a 'kernel secret-service none'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l renew-on-repeat -x -d 'whether asking again means refused' -a 'yes no'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l ca-file -r -F -d 'CA certificates of the server'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l proxy -x -d 'the proxy on the way to the server'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l timeout -x -d 'what a token request may take'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l default-ttl -x -d 'how long a token is kept whose server names no lifetime'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l no-verify -d 'store the secret without getting a token first'
complete -c sk-helper -n '__fish_seen_subcommand_from refresh' -l yes -d 'answer every question with yes'
complete -c sk-helper -n '__fish_seen_subcommand_from add' -l yes -d 'answer every question with yes'
