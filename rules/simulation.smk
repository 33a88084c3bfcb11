"""The simulated survey: its sky once, its exposures one by one."""


rule simulate_sky:
    input:
        **campaign.reads("simulate_sky"),
    output:
        **campaign.writes("simulate_sky"),
    log:
        campaign.log("simulate_sky"),
    benchmark:
        campaign.benchmark("simulate_sky")
    params:
        **campaign.params("simulate_sky"),
    resources:
        **campaign.resources("simulate_sky"),
    shell:
        campaign.command("simulate_sky")


rule simulate:
    input:
        **campaign.reads("simulate"),
    output:
        **campaign.writes("simulate"),
    log:
        campaign.log("simulate"),
    benchmark:
        campaign.benchmark("simulate")
    params:
        **campaign.params("simulate"),
    resources:
        **campaign.resources("simulate"),
    shell:
        campaign.command("simulate")


rule simulate_redshifts:
    input:
        **campaign.reads("simulate_redshifts"),
    output:
        **campaign.writes("simulate_redshifts"),
    log:
        campaign.log("simulate_redshifts"),
    benchmark:
        campaign.benchmark("simulate_redshifts")
    params:
        **campaign.params("simulate_redshifts"),
    resources:
        **campaign.resources("simulate_redshifts"),
    shell:
        campaign.command("simulate_redshifts")
