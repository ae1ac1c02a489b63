"""Every command: its module, which is imported when the command runs, and the sentence that the help prints."""

from __future__ import annotations

from collections import namedtuple

Command = namedtuple("Command", ("module", "does", "distribution"), defaults=("",))  # noqa: PYI024 - typing is slow to import
"""`distribution`: what must be installed beside the app."""

LOCAL = "tenant-keys-local"
COMMANDS = {
    "adopt": Command("adopt", "Bring existing keys into the estate, by a CloudFormation import."),
    "audit": Command("audit", "Print the rules that detect misuse, and queries of the trail as SQL."),
    "byok": Command("byok", "Bring your own key: import, rotate, withdraw and restore a tenant's key material."),
    "can": Command("prove", "Decide one request, and print the statements that decide it."),
    "check": Command("check", "Run every check of a pull request: lock, synth, lint, proof, quotas, change."),
    "cost": Command("cost", "Print the monthly cost, the quotas in use, and the duration of a first deployment."),
    "demo": Command("demo", "Deploy the estate to a local AWS, use it, and attack it.", LOCAL),
    "deployed": Command("deployed", "Download the templates that CloudFormation holds, for the proof."),
    "diff": Command("diff", "Compare two versions of the estate: changes to access and to keys."),
    "execution-policy": Command("execution_policy", "Print the policy with which CloudFormation deploys the estate."),
    "gate": Command("gate", "Refuse change sets that would remove or replace a key, before they are executed."),
    "held": Command("held", "Use a tenant's own key: print its policy, verify control, activate."),
    "init": Command("init", "Write a new estate into a folder of its own."),
    "local": Command("local", "Run a local AWS that enforces the policies, and attack it.", LOCAL),
    "lock": Command("manifest", "Record the stack of each key and role in tenants.lock. No key or role moves later."),
    "plan": Command("plan", "Plan a deployment: stacks, order, concurrency, duration, and throttled requests."),
    "preflight": Command("preflight", "List the obstacles to a deployment: failed stacks, and names that are in use."),
    "probe": Command("probe", "Ask AWS by DryRun, in a workload, which calls are allowed and which are denied."),
    "prove": Command("prove", "Prove from the templates that only its tenant can use each key."),
    "review": Command("review", "Write the security review of the templates as HTML, Markdown and JSON."),
    "schema": Command("manifest", "Print the JSON Schema of tenants.yaml, for editors."),
    "show": Command("show", "Print the manifest merged with its base, or how it differs from another estate's."),
    "stacks": Command("stacks", "List the stacks or the accounts of a cloud assembly, for a pipeline."),
    "tenant": Command("tenant", "List, show, add, suspend, resume and offboard tenants."),
    "validate": Command("manifest", "Check tenants.yaml, and print every error or a summary."),
    "verify": Command("verify", "Compare the accounts with the deployed assembly, and prove the isolation."),
    "verify-schedule": Command("verify_schedule", "Print the template of a stack that runs verify on a schedule."),
    "who": Command("prove", "List every principal that can perform an action, with the roles and the request."),
}
ABOUT = "One KMS key per tenant in one central AWS account, with access proved to be that tenant's alone."
EXIT_CODES = """\
Exit codes: 0 done or clean; 1 could not run; 2 something needs review, is refuted, does not match or has errors;
130 interrupted. With --json an error is one object on standard output: {"error": text}, and for errors in a file
"problems", each with file, line, path and message, and "more", the number that is left out."""
