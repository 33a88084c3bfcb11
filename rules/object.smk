"""What is known of each object."""


rule motion:
    input:
        **campaign.reads("motion"),
    output:
        **campaign.writes("motion"),
    log:
        campaign.log("motion"),
    benchmark:
        campaign.benchmark("motion")
    params:
        **campaign.params("motion"),
    resources:
        **campaign.resources("motion"),
    shell:
        campaign.command("motion")
