#compdef sk-helper
# SPDX-License-Identifier: MIT
# zsh completion for sk-helper

_sk_helper_profiles() {
	local -a profiles
	profiles=(${(f)"$(sk-helper list --names 2>/dev/null)"})
	compadd -a profiles
}

_sk_helper_agent_keys() {
	local -a fingerprints
	fingerprints=(${(f)"$(ssh-add -l 2>/dev/null | cut -d' ' -f2)"})
	compadd -a fingerprints
}

_sk_helper() {
	local -a commands keys
	commands=(
		'get:print a token: from the cache, or a new one'
		'exec:run a command with a token in its environment'
		'hook:print or write the configuration of a tool'
		'bridge:run a local MCP server that forwards to a profile'\''s URL'
		'proxy:run an HTTP proxy that adds the token, for a sandbox'
		'share:answer requests for tokens from a container'
		'add:make a profile, or store its client secret again'
		'set:change keys of a profile'
		'show:print a profile'
		'edit:edit a profile'\''s file'
		'list:show the profiles'
		'rotate:replace a client secret or key by a new one that works'
		'public-key:print the public part of a client'\''s private key'
		'remove:remove a profile, its client secret and its tokens'
		'doctor:check the keyrings, profiles and servers'
		'log:show who has asked for tokens, and what came of it'
		'refresh:ask the servers again what add found out from them'
		'erase:forget cached tokens'
		'revoke:revoke the cached tokens at the server, and forget them'
		'store:make or change a profile from key=value lines on standard input'
		'help:show the commands, or one of them'
		'version:print the version'
	)
	keys=(
		'--token-endpoint[where tokens come from]:url:'
		'--client-id[the OAuth client'\''s id]:id:'
		'--scope[what to ask for]:scopes:'
		'--scope-limit[the scopes that a server can make sk-helper request]:scopes:'
		'--resource[the resource that the token is for]:uri:'
		'--audience[the audience]:audience:'
		'*--url[a URL that this token may be sent to]:url:'
		'--auth-method[how the client says who it is]:method:(client_secret_post client_secret_basic private_key_jwt tls_client_auth self_signed_tls_client_auth workload_identity none)'
		'--certificate[the client'\''s certificate]:file:_files'
		'--assertion-alg[how the key signs]:algorithm:(ES256 ES384 ES512 EdDSA RS256 PS256)'
		'--assertion-audience[the aud of what the key signs]:audience:'
		'--grant[what is exchanged for a token]:grant:(client_credentials jwt-bearer token-exchange)'
		'--identity-token[where the platform'\''s identity token comes from]:source:(file\: env\: github-actions command\:)'
		'--identity-token-reuse[whether the server takes the same one more than once]:answer:(yes no)'
		'--assertion-type[how it is shown as an assertion]:type:(jwt-bearer jwt-spiffe)'
		'--subject-token-type[what it is in an exchange]:type:(jwt id_token access_token)'
		'--token-request[the format of the token request]:format:(form json)'
		'*--param[one more parameter of the token request]:name=value:'
		'--revocation-endpoint[where tokens are revoked]:url:'
		'--issuer[the authorization server]:url:'
		'--secret-store[where the client secret is]:store:(secret-service kernel credential file command ssh-agent none)'
		'--secret-credential[the systemd credential]:name:'
		'--secret-file[the file that has the secret]:file:_files'
		'*--secret-command[the program that prints the secret, and its words]:word:_files'
		'*--secret-env[a variable that this program gets]:variable:_parameters -g "*export*"'
		'--secret-first-line[whether only the first line is the secret]:answer:(yes no)'
		'--secret-timeout[the time that the program or the agent may take]:seconds:'
		'--ssh-agent[the fingerprint of a key in an ssh-agent]:fingerprint:_sk_helper_agent_keys'
		'--ssh-agent-socket[the socket of the agent]:socket:_files'
		'--ssh-agent-kid[what the server calls this key]:id:'
		'--audit[which events are written to the log]:level:(issue all)'
		'--token-cache[where tokens are kept]:cache:(kernel secret-service runtime none)'
		'--renew-on-repeat[whether a hook that asks again means that its token was refused]:answer:(yes no)'
		'--ca-file[CA certificates of the server]:file:_files'
		'--username[the user name to send with the token]:name:'
		'--git-retry[whether git tries once more]:answer:(yes no)'
		'--proxy[the proxy on the way to the server]:url:'
		'--timeout[the time that a token request may take]:seconds:'
		'--default-ttl[how long a token is kept whose server names no lifetime]:seconds:'
	)
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	local command=$words[2]
	shift words
	(( CURRENT-- ))
	case $command in
	get)
		_arguments '--format[how to print it]:format:(token header-value header mcp-headers curl-config json env kubernetes goauth google)' \
			'--scope[ask for these scopes]:scopes:' '--min-ttl[at least so much life left]:seconds:' \
			'--fresh[a new token, whatever is cached]' '--prompt[let the program that gives the secret ask]' '--quiet[no warning that the token is on the terminal]' '1:profile:_sk_helper_profiles'
		;;
	add)
		_arguments $keys '--preset[what a server wants]:preset:(anthropic entra github-actions google keycloak openai)' '--private-key[a private key, PEM or JWK]:file:_files' '--generate-key[make a key pair]' \
			'--key-id[the kid that the server knows the key by]:id:' '--missing[ask for each secret that is not stored]' \
			'--no-verify[store the secret without getting a token first]' '--prompt[let the program that gives the secret ask]' '--dry-run[show what would be done]' \
			'--yes[agree to the scopes that the servers name]' '1:name:_sk_helper_profiles'
		;;
	set)
		_arguments $keys '*--unset[take a key out]:key:' '--default[make it the default]' \
			'--no-verify[store the secret without getting a token first]' '--prompt[let the program that gives the secret ask]' '1:profile:_sk_helper_profiles'
		;;
	list) _arguments '--json[as a JSON array]' '--names[only the names]' '1:profile:_sk_helper_profiles' ;;
	doctor) _arguments '--offline[do not ask a server]' '--json[as a JSON array]' '1:profile:_sk_helper_profiles' ;;
	log) _arguments '--since[from then on]:time:' '--lines[the last ones alone]:number:' '--follow[show new ones as they come]' '--json[all fields]' '1:profile:_sk_helper_profiles' ;;
	remove) _arguments '--all[all profiles]' '--force[also where a keyring does not answer]' '--yes[do not ask]' '1:profile:_sk_helper_profiles' ;;
	refresh) _arguments '--yes[agree to what has changed]' '1:profile:_sk_helper_profiles' ;;
	proxy) _arguments '--socket[where to listen]:socket:_files' '--listen[listen on loopback, behind a secret path]:address:' '*--url[which url, of a profile that has several]:url:' \
		'*--allow-uid[another user who may connect]:uid:' '*--allow-origin[a page that may ask from a browser]:origin:' \
		'*--allow-host[another name of this proxy]:host:' '--idle[end when nobody has asked for so long]:seconds:' '--background[return as soon as it listens]' '*:profile:_sk_helper_profiles' ;;
	share) _arguments '--socket[where to listen]:socket:_files' '*--allow-uid[another user who may connect]:uid:' '--idle[end when nobody has asked for so long]:seconds:' '--background[return as soon as it listens]' \
		'*:profile:_sk_helper_profiles' ;;
	bridge) _arguments '--url[the server]:url:' '--sse[it speaks the HTTP+SSE transport of 2024-11-05]' '1:profile:_sk_helper_profiles' ;;
	hook) _arguments '--write[put it into the tool'\''s file]' '--remove[take it out again]' '--project[the file of the project]' '--url[for this URL]:url:' '--file[only one of several files]:number:' '--yes[do not ask]' '1:tool:('"$(sk-helper hook 2>/dev/null | cut -d' ' -f1 | xargs)"')' '2:profile:_sk_helper_profiles' ;;
	exec) _arguments '*--env[the variable, and whose token]:variable=name:' '*::command:_normal' ;;
	rotate) _arguments '--private-key[the new key, PEM or JWK]:file:_files' '--key-id[what the server calls it]:id:' '--certificate[the new certificate]:file:_files' '1:profile:_sk_helper_profiles' ;;
	show|edit|public-key|revoke|erase) _arguments '1:profile:_sk_helper_profiles' ;;
	help) _describe command commands ;;
	esac
}

_sk_helper "$@"
