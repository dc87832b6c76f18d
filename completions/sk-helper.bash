# SPDX-License-Identifier: MIT
# bash completion for sk-helper

_sk_helper()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words=
	local keys='--token-endpoint --client-id --scope --scope-limit --resource --audience --url --auth-method --issuer --secret-store --token-cache
		--renew-on-repeat --ca-file --proxy --timeout --default-ttl --certificate --assertion-alg --assertion-audience
		--revocation-endpoint --username --git-retry --grant --identity-token --identity-token-reuse --assertion-type
		--subject-token-type --token-request --param --secret-credential --secret-file --secret-command --secret-env
		--secret-first-line --secret-timeout --ssh-agent --ssh-agent-socket --ssh-agent-kid --audit'

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words='get exec hook bridge proxy share add set show edit list rotate public-key remove doctor log refresh erase revoke store help version'
	else
		case $prev in
		--format) words='token header-value header mcp-headers curl-config json env kubernetes goauth google' ;;
		--auth-method) words='client_secret_post client_secret_basic private_key_jwt tls_client_auth self_signed_tls_client_auth workload_identity none' ;;
		--grant) words='client_credentials jwt-bearer token-exchange' ;;
		--assertion-type) words='jwt-bearer jwt-spiffe' ;;
		--subject-token-type) words='jwt id_token access_token' ;;
		--token-request) words='form json' ;;
		--preset) words='anthropic entra github-actions google keycloak openai' ;;
		--identity-token) words='file: env: github-actions command:' ;;
		--assertion-alg) words='ES256 ES384 ES512 EdDSA RS256 PS256' ;;
		--secret-store) words='secret-service kernel credential file command ssh-agent none' ;;
		--renew-on-repeat | --git-retry | --identity-token-reuse | --secret-first-line) words='yes no' ;;
		--unset)
			words=${keys//--/}
			words=${words//-/_}
			;;
		--audit) words='issue all' ;;
		--ssh-agent) words=$(ssh-add -l 2>/dev/null | cut -d' ' -f2) ;;
		--token-cache) words='kernel secret-service runtime none' ;;
		--ca-file | --certificate | --private-key | --socket | --secret-file | --secret-command | --ssh-agent-socket)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		--*-ttl | --allow-* | --listen | --idle | --scope-limit | --username | --env | --timeout | --scope | --url | --resource | --audience | --issuer | --proxy | --client-id | --key-id | --*-endpoint | --assertion-audience | --param | --secret-credential | --secret-env | --secret-timeout | --ssh-agent-kid | --since | --lines) return ;;
		*)
			case $command,$cur in
			get,-*) words='--format --scope --min-ttl --fresh --prompt --quiet' ;;
			add,-*) words="$keys --preset --private-key --generate-key --key-id --missing --no-verify --prompt --dry-run --yes" ;;
			set,-*) words="$keys --unset --default --no-verify --prompt" ;;
			doctor,-*) words='--offline --json' ;;
			log,-*) words='--since --lines --follow --json' ;;
			remove,-*) words='--all --force --yes' ;;
			refresh,-*) words=--yes ;;
			rotate,-*) words='--private-key --key-id --certificate' ;;
			exec,-*) words=--env ;;
			bridge,-*) words='--url --sse' ;;
			proxy,-*) words='--socket --listen --url --allow-uid --allow-origin --allow-host --idle --background' ;;
			share,-*) words='--socket --allow-uid --idle --background' ;;
			hook,-*) words='--write --remove --project --url --file --yes' ;;
			hook,*) if [ "$COMP_CWORD" = 2 ]; then words=$(sk-helper hook | cut -d' ' -f1); else words=$(sk-helper list --names 2>/dev/null); fi ;;
			list,-*) words='--json --names' ;;
			get,* | bridge,* | proxy,* | share,* | add,* | set,* | show,* | edit,* | list,* | doctor,* | log,* | rotate,* | public-key,* | refresh,* | revoke,* | erase,* | remove,*) words=$(sk-helper list --names 2>/dev/null) ;;
			help,*) words='get exec hook bridge proxy share add set show edit list rotate public-key remove doctor log refresh erase revoke store help version' ;;
			esac
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _sk_helper sk-helper
