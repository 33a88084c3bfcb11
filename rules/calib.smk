rule master_bias:
    input:
        **campaign.reads("master_bias"),
        raws=biases_of,
    output:
        **campaign.writes("master_bias"),
    log:
        campaign.log("master_bias"),
    benchmark:
        campaign.benchmark("master_bias")
    params:
        **campaign.params("master_bias"),
    resources:
        **campaign.resources("master_bias"),
    shell:
        campaign.command("master_bias")


rule master_dark:
    input:
        **campaign.reads("master_dark"),
        raws=darks_of,
        bias=master_bias_of,
    output:
        **campaign.writes("master_dark"),
    log:
        campaign.log("master_dark"),
    benchmark:
        campaign.benchmark("master_dark")
    params:
        **campaign.params("master_dark"),
    resources:
        **campaign.resources("master_dark"),
    shell:
        campaign.command("master_dark")


rule master_flat:
    input:
        **campaign.reads("master_flat"),
        raws=flats_of,
        bias=master_bias_of,
        dark=master_dark_of,
    output:
        **campaign.writes("master_flat"),
    log:
        campaign.log("master_flat"),
    benchmark:
        campaign.benchmark("master_flat")
    params:
        **campaign.params("master_flat"),
    resources:
        **campaign.resources("master_flat"),
    shell:
        campaign.command("master_flat")


rule defects:
    input:
        **campaign.reads("defects"),
        flats=master_flats_of,
        darks=master_dark_of,
    output:
        **campaign.writes("defects"),
    log:
        campaign.log("defects"),
    benchmark:
        campaign.benchmark("defects")
    params:
        **campaign.params("defects"),
    resources:
        **campaign.resources("defects"),
    shell:
        campaign.command("defects")
