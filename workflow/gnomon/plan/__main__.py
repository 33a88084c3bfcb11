"""``python -m gnomon.plan``: what the Snakefile calls where the plan is missing or out of date."""

from gnomon.plan.command import main

main()
