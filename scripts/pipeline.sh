#!/usr/bin/env bash
# The pipeline of any CI system: one subcommand for each job. docs/pipeline.md shows GitHub, GitLab and CodeBuild.
#
#   pipeline.sh check            a pull request: all checks that need no access to AWS; writes $REPORT
#   pipeline.sh plan             synthesize once into $ASSEMBLY, prove it, and list the accounts to deploy to
#   pipeline.sh deploy ACCOUNT   deploy one account's stacks from $ASSEMBLY, replicas last, and prove the
#                                templates that CloudFormation holds then, in $DEPLOYED
#
# MANIFEST     the estate's manifest, if a repository has several (tenants.yaml)
# BASE         the git revision to compare a pull request with (origin/main)
# CONCURRENCY  stacks to deploy at a time (the number of `tenant-keys plan`)
# READER       the role that verifies the canary, as role/NAME (the first of central.readers)
# CANARY       "no" deploys without a canary: for emergencies
# Exit codes: 0 done, 2 something needs review or blocks, 1 could not run.
set -euo pipefail

ASSEMBLY=${ASSEMBLY:-cdk.out}
DEPLOYED=${DEPLOYED:-deployed}
REPORT=${REPORT:-report}
BASE=${BASE:-origin/main}
CANARY=${CANARY:-yes}
MANIFEST=${MANIFEST:-tenants.yaml}
LOCK=${MANIFEST%.*}.lock
estate=() context=() lock=() # options of tenant-keys and of cdk that name the estate
reader=()
if [ -n "${READER:-}" ]; then reader=(--role "$READER"); fi
if [ "$MANIFEST" != tenants.yaml ]; then
  estate=(--manifest "$MANIFEST") context=(--context "manifest=$MANIFEST") lock=(--lock "$LOCK")
fi

# GitHub's page of a run; elsewhere the job's log.
summary() {
  tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
}

check() {
  local status=0
  mkdir -p "$REPORT"
  tenant-keys check --base "$BASE" --report "$REPORT" "${estate[@]}" | tee "$REPORT/check.txt" || status=$?
  # Found something (2) still makes a report; could not run (1) does not.
  if [ "$status" -ne 1 ]; then summary < "$REPORT/comment.md"; fi
  return "$status"
}

synthesize() {
  tenant-keys lock --check "${estate[@]}"
  cdk synth --quiet --no-notices --output "$ASSEMBLY" "${context[@]}"
  tenant-keys prove "$ASSEMBLY" "${estate[@]}" | summary
}

# Names of stacks of one account in the assembly: `stacks ACCOUNT KIND...`, a kind being primary, replica, hook or other.
stacks() {
  local account=$1 kind
  local -a kinds=()
  for kind in "${@:2}"; do kinds+=(--kind "$kind"); done
  tenant-keys stacks "$ASSEMBLY" --account "$account" "${kinds[@]}"
}

plan() {
  synthesize
  local found
  found=$(tenant-keys stacks "$ASSEMBLY" --accounts)
  echo "accounts=$found" | tee -a "${GITHUB_OUTPUT:-/dev/null}"
}

# The key account is the one that holds keys; its replicas need the ids that AWS KMS gives their primaries.
deploy() {
  local account=${1:?name the account} names hooks primaries copies recorded
  if [ -n "${CONCURRENCY:-}" ]; then check_concurrency; fi
  names=$(stacks "$account" primary other)
  if [ -z "$names" ]; then
    echo "no stack of account $account in $ASSEMBLY" >&2
    return 1
  fi
  if [ -z "${CONCURRENCY:-}" ]; then
    CONCURRENCY=$(tenant-keys plan "$ASSEMBLY" --account "$account" --concurrency "${estate[@]}")
    check_concurrency
  fi
  primaries=$(stacks "$account" primary)
  tenant-keys preflight "$account" --assembly "$ASSEMBLY" --repair "${lock[@]}" | summary
  hooks=$(stacks "$account" hook)
  if [ -n "$hooks" ]; then ship "$account" "$hooks"; fi # it must know which tenants left before it judges their stacks
  ship "$account" "$names"
  if [ -n "$primaries" ]; then
    recorded=$(cksum < "$LOCK")
    tenant-keys lock --record "${estate[@]}" | summary
    # The second: recorded by an earlier deployment of this checkout, which ended before it synthesized.
    if [ "$recorded" != "$(cksum < "$LOCK")" ] || [ -n "$(git status --porcelain -- "$LOCK")" ]; then
      synthesize # the replicas of the ids that were recorded just now
    fi
    copies=$(stacks "$account" replica)
    if [ -n "$copies" ]; then ship "$account" "$copies"; fi
  fi
  verify "$account"
}

check_concurrency() {
  if [[ ! $CONCURRENCY =~ ^[1-9][0-9]*$ ]]; then
    echo "CONCURRENCY: got '$CONCURRENCY'; allowed is a whole number from 1; unset it to use the plan's number" >&2
    return 1
  fi
}

# Change sets are prepared, judged and only then executed: the same change sets, so that nothing comes between. Where
# existing keys of several stacks change, one stack goes first and is verified.
ship() {
  local account=$1 files
  local -a names
  mapfile -t names <<< "$2"
  cdk deploy --app "$ASSEMBLY" --exclusively --require-approval never --concurrency "$CONCURRENCY" --no-notices \
    --method prepare-change-set --change-set-name tenant-keys "${names[@]}"
  files=$(mktemp -d)
  local -a canary=(--canary "$files/canary" --verify "$files/verify" "${reader[@]}" "${estate[@]}")
  if [ "$CANARY" = no ]; then canary=(); fi
  touch "$files/canary" "$files/verify"
  tenant-keys gate "$account" "${names[@]}" --assembly "$ASSEMBLY" --ready "$files/ready" "${canary[@]}" "${lock[@]}" |
    summary
  verify_first "$files/verify"
  execute < "$files/canary"
  verify_first "$files/canary"
  execute < "$files/ready"
  rm -rf "$files"
}

# Names of stacks on standard input. The CLI executes one change set at a time.
execute() {
  xargs --no-run-if-empty --max-procs "$CONCURRENCY" --max-args 1 cdk deploy --app "$ASSEMBLY" --exclusively \
    --require-approval never --no-notices --method execute-change-set --change-set-name tenant-keys
}

# Names of stacks in a file: what AWS holds of their keys decides whether the rest follows.
verify_first() {
  local stack status=0
  local -a chosen=()
  while read -r stack; do chosen+=(--stack "$stack"); done < "$1"
  if [ ${#chosen[@]} -eq 0 ]; then return 0; fi
  tenant-keys verify "${chosen[@]}" --assembly "$ASSEMBLY" --record "$1.jsonl" "${reader[@]}" "${estate[@]}" |
    summary || status=$?
  if [ "$status" -ne 0 ]; then
    echo "stopped: $(tr '\n' ' ' < "$1")did not verify, and the other stacks are not deployed." \
      "Revert the change and run plan and deploy again, which restores the canary;" \
      "or correct the cause of the findings and run deploy again, which verifies the canary first." >&2
  fi
  return "$status"
}

# What CloudFormation holds is what is proved: the account's stacks as they are deployed, with those of other accounts.
verify() {
  local status=0
  tenant-keys deployed "$1" --assembly "$ASSEMBLY" --output "$DEPLOYED" | summary || status=$?
  # A difference (2) is proved as well, and fails nevertheless; could not run (1) leaves nothing to prove.
  if [ "$status" -ne 1 ]; then tenant-keys prove "$DEPLOYED" "${estate[@]}" | summary; fi
  return "$status"
}

case "${1:-}" in
  check | plan) "$1" ;;
  deploy) deploy "${2:-}" ;;
  *)
    sed -n '2,16s/^# \{0,1\}//p' "$0" >&2
    exit 1
    ;;
esac
