"""What all visits of a tract know together."""


rule isolated_stars:
    input:
        **campaign.reads("isolated_stars"),
        sources=sources_of_tract,
    output:
        **campaign.writes("isolated_stars"),
    log:
        campaign.log("isolated_stars"),
    benchmark:
        campaign.benchmark("isolated_stars")
    params:
        **campaign.params("isolated_stars"),
    resources:
        **campaign.resources("isolated_stars"),
    shell:
        campaign.command("isolated_stars")
